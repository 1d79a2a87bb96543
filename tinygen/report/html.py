"""A page of a report as HTML, for notebooks: plain tables that take the notebook's own style."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import RenderableType

from tinygen.api.bench import BenchResult
from tinygen.api.build import BuildResult, GenerateResult
from tinygen.api.cache import CacheResult
from tinygen.api.catalogue import BoardsResult, OperatorsResult
from tinygen.api.compare import CompareResult
from tinygen.api.compress_result import CompressResult
from tinygen.api.doctor import DoctorResult
from tinygen.api.export import ExportResult
from tinygen.api.flash import FlashResult, StopResult
from tinygen.api.inspect import InspectResult
from tinygen.api.layers import LayersResult
from tinygen.api.power import PowerResult
from tinygen.api.profile import ProfileResult
from tinygen.api.run import RunResult
from tinygen.api.setup import SetupResult
from tinygen.api.stream import StreamResult
from tinygen.api.verify import VerifyResult
from tinygen.printable import shown
from tinygen.report import text
from tinygen.report.blocks import Block, Grid, blocks
from tinygen.report.page import PageResult

PAGES: Mapping[type, Callable[[Any], RenderableType]] = {
    BenchResult: text.bench_report,
    BoardsResult: text.boards_report,
    BuildResult: text.build_report,
    CacheResult: text.cache_report,
    CompareResult: text.compare_report,
    CompressResult: text.compress_report,
    DoctorResult: text.doctor_report,
    ExportResult: text.export_report,
    FlashResult: text.flash_report,
    GenerateResult: text.generate_report,
    InspectResult: text.inspect_report,
    LayersResult: text.layers_report,
    OperatorsResult: text.operators_report,
    PageResult: text.page_report,
    PowerResult: text.power_report,
    ProfileResult: text.profile_report,
    RunResult: text.run_report,
    SetupResult: text.setup_report,
    StopResult: text.stop_report,
    StreamResult: text.stream_report,
    VerifyResult: text.verify_report,
}
"""The page of each result."""


def result_html(result: object) -> str:
    """The page that the result's command prints, as HTML."""
    return page_html(PAGES[type(result)](shown(result)))


def page_html(page: RenderableType) -> str:
    """Paragraphs and tables; nothing in a text is markup."""
    return "<div>" + "".join(map(_block, blocks(page))) + "</div>"


def _block(block: Block) -> str:
    if not isinstance(block, Grid):
        return f"<p>{_escaped(block.text)}</p>"
    head = ""
    if block.header is not None:
        head = f"<thead>{_row('th', block.header, block.right)}</thead>"
    body = "".join(_row("td", row, block.right) for row in block.rows)
    return f"<table>{head}<tbody>{body}</tbody></table>"


def _row(kind: str, cells: tuple[str, ...], right: tuple[bool, ...]) -> str:
    sides = ("right" if numbers else "left" for numbers in right)
    made = (
        f'<{kind} style="text-align: {side}">{_escaped(cell)}</{kind}>'
        for cell, side in zip(cells, sides, strict=True)
    )
    return f"<tr>{''.join(made)}</tr>"


def _escaped(value: str) -> str:
    return "<br>".join(map(_line, value.split("\n")))


def _line(line: str) -> str:
    words = line.lstrip(" ")
    return "&nbsp;" * (len(line) - len(words)) + html.escape(words)
