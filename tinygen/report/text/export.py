"""A library that was written for another build system."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import RenderableType

from tinygen.report.text.tables import fact_table

if TYPE_CHECKING:
    from tinygen.api.export import ExportResult


def export_report(result: ExportResult) -> RenderableType:
    """What it is of, where it lies, and what it takes."""
    return fact_table(
        [
            ("model", f"{result.model}  (sha256 {result.model_sha256[:12]})"),
            ("for", f"{result.form}, {result.board} ({result.kernel_set} kernels)"),
            ("constants", f"{result.constant_bytes:,} bytes"),
            ("arena", f"{result.arena_bytes:,} bytes"),
            ("written", f"{result.path}, {len(result.files)} files"),
        ]
    )
