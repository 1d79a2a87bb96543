"""Engines side by side, or models on boards by engines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.tables import count, in_bytes, ruled

if TYPE_CHECKING:
    from tinygen.api.bench import BenchResult, BenchRow

_SIDE_BY_SIDE = 4
"""Engines that are a column each; more rows are lines."""


def bench_report(result: BenchResult) -> RenderableType:
    """One model on one board: a column for each engine. Else a line for each row."""
    places = {(row.model, row.board) for row in result.rows}
    many = len(places) > 1 or len(result.rows) > _SIDE_BY_SIDE
    said = f"means over {result.vectors} vectors; instructions are not cycles"
    kept = sum(row.kept for row in result.rows)
    if kept:
        said += f"; {kept} of {len(result.rows)} measured before, of the very same"
    return Group(
        (_lines if many else _columns)(result),
        *_failures(result),
        Text(said),
    )


def _failures(result: BenchResult) -> Iterable[RenderableType]:
    """Each reason once, with the rows of it."""
    reasons: dict[str, list[str]] = {}
    for row in result.rows:
        if row.failure:
            reasons.setdefault(row.failure, []).append(_name(row))
    for why, names in reasons.items():
        yield Text(f"{'; '.join(names)}: {why}")


def _name(row: BenchRow) -> str:
    return f"{row.model} on {row.board}, {_engine(row)}"


def _engine(row: BenchRow) -> str:
    return f"{row.engine} ({row.kernel_set})" if row.kernel_set else row.engine


def _lines(result: BenchResult) -> RenderableType:
    table = ruled("model, board, engine", "verdict", "an inference", "flash", "arena", "stack")
    for row in result.rows:
        unit = {"instructions": "", None: ""}.get(row.unit, f" {row.unit}")
        table.add_row(
            f"{row.model}\n{row.board}\n{_engine(row)}",
            "failed" if row.failure else row.verdict.value,
            f"{count(row.per_inference)}{unit}",
            count(row.flash),
            count(row.arena),
            count(row.stack_used),
        )
    return table


def _columns(result: BenchResult) -> RenderableType:
    names = [_engine(row) for row in result.rows]
    table = ruled(f"{result.model} on {result.board}", *names)

    def line(name: str, cells: Iterable[str]) -> None:
        table.add_row(name, *cells)

    rows = result.rows
    line("verdict", ("failed" if row.failure else row.verdict.value for row in rows))
    unit = next((row.unit for row in rows if row.unit), "cost")
    line(f"{unit} per inference", (count(row.per_inference) for row in rows))
    line(f"{unit} at start-up", (count(row.startup) for row in rows))
    line("flash, code", (_bytes(row.flash_code) for row in rows))
    line("flash, model", (_bytes(row.flash_model) for row in rows))
    line("static RAM", (_bytes(row.static_ram) for row in rows))
    line("arena", (_bytes(row.arena) for row in rows))
    line("stack, most used", (f"{count(row.stack_used)} bytes" for row in rows))
    return table


def _bytes(size: int | None) -> str:
    return "-" if size is None else in_bytes(size)
