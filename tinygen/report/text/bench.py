"""Engines side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.tables import count, in_bytes, ruled

if TYPE_CHECKING:
    from tinygen.api.bench import BenchResult


def bench_report(result: BenchResult) -> RenderableType:
    """Engines side by side: a column each."""
    names = [f"{row.engine} ({row.kernel_set})" for row in result.rows]
    table = ruled(f"{result.model} on {result.board}", *names)

    def line(name: str, cells: Iterable[str]) -> None:
        table.add_row(name, *cells)

    rows = result.rows
    line("verdict", (row.verdict.value for row in rows))
    unit = next((row.unit for row in rows if row.unit), "cost")
    line(f"{unit} per inference", (count(row.per_inference) for row in rows))
    line(f"{unit} at start-up", (count(row.startup) for row in rows))
    line("flash, code", (in_bytes(row.flash_code) for row in rows))
    line("flash, model", (in_bytes(row.flash_model) for row in rows))
    line("static RAM", (in_bytes(row.static_ram) for row in rows))
    line("arena", (in_bytes(row.arena) for row in rows))
    line("stack, most used", (f"{count(row.stack_used)} bytes" for row in rows))
    return Group(table, Text(f"means over {result.vectors} vectors; instructions are not cycles"))
