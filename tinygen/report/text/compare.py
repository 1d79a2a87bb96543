"""Two projects or results side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import RenderableType

from tinygen.report.text.gates import with_gates
from tinygen.report.text.tables import fact_table, page, ruled

if TYPE_CHECKING:
    from tinygen.api.compare import Compared, CompareResult, Difference, LayerDifference


def compare_report(result: CompareResult) -> RenderableType:
    """What the sides are, their figures, their layers, and what came of the thresholds."""
    told = page(
        fact_table([("A", _side(result.a)), ("B", _side(result.b))]),
        *_figures(result.figures),
        *_layers(result),
        *result.notes,
    )
    return with_gates(told, result.thresholds)


def _side(one: Compared) -> str:
    told = " ".join(word for word in (one.model, "on" if one.board else "", one.board) if word)
    return f"{one.source} ({one.kind}): {told}, {one.engine}".removesuffix(", ")


def _figures(figures: Iterable[Difference]) -> Iterable[RenderableType]:
    table = ruled("figure", "A", "B", "change", "of A")
    for one in figures:
        table.add_row(f"{one.name}\n{one.of}".strip(), *_numbers(one))
    if table.rows:
        yield table


def _layers(result: CompareResult) -> Iterable[RenderableType]:
    if not result.layers:
        return
    table = ruled("layers", "kernel", "A", "B", "change", "of A")
    for one in result.layers:
        table.add_row(f"{one.operators}\n{one.output}", _kernels(one), *_numbers(one))
    yield table
    changed = sum(not one.same_kernel for one in result.layers)
    unit = f"; numbers are {result.unit}" if result.unit else ""
    yield f"another kernel in {changed} of {len(result.layers)} layers{unit}"


def _kernels(one: LayerDifference) -> str:
    if one.same_kernel:
        return one.kernel_a or "-"
    return f"{one.kernel_a or '-'}\n{one.kernel_b or '-'}"


def _numbers(one: Difference | LayerDifference) -> tuple[str, str, str, str]:
    percent = "" if one.percent is None else f"{one.percent:+.1f} %"
    change = "" if one.change is None else _number(one.change, "+")
    return _number(one.a), _number(one.b), change, percent


def _number(value: float | None, sign: str = "") -> str:
    if value is None:
        return "-"
    return f"{value:{sign},.0f}" if value == round(value) else f"{value:{sign},.4g}"
