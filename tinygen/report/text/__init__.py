"""What people look at: a page per command, of tables that fit 80 columns."""

from __future__ import annotations

from tinygen.report.text.bench import bench_report
from tinygen.report.text.boards import board_report, boards_report
from tinygen.report.text.build import build_report, generate_report
from tinygen.report.text.compare import compare_report
from tinygen.report.text.compress import compress_report
from tinygen.report.text.device import (
    cache_report,
    doctor_report,
    flash_report,
    setup_report,
    stop_report,
)
from tinygen.report.text.export import export_report
from tinygen.report.text.gates import with_gates
from tinygen.report.text.inspect import inspect_report
from tinygen.report.text.layers import layers_report, profile_report
from tinygen.report.text.operators import operators_report
from tinygen.report.text.page import page_report
from tinygen.report.text.power import power_report
from tinygen.report.text.run import run_report
from tinygen.report.text.stream import stream_report
from tinygen.report.text.tables import print_report
from tinygen.report.text.verify import verify_report

__all__ = [
    "bench_report",
    "board_report",
    "boards_report",
    "build_report",
    "cache_report",
    "compare_report",
    "compress_report",
    "doctor_report",
    "export_report",
    "flash_report",
    "generate_report",
    "inspect_report",
    "layers_report",
    "operators_report",
    "page_report",
    "power_report",
    "print_report",
    "profile_report",
    "run_report",
    "setup_report",
    "stop_report",
    "stream_report",
    "verify_report",
    "with_gates",
]
