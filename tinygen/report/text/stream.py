"""A streaming model: what is kept and computed of each layer, and what is saved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.bench import bench_report
from tinygen.report.text.tables import columns, fact_table, in_bytes, page

if TYPE_CHECKING:
    from tinygen.api.stream import StreamLayer, StreamResult


def stream_report(result: StreamResult) -> RenderableType:
    """Facts, layers, and what was measured on a board."""
    layers = columns("", "operator", "rows", "computed", "kept", "MACs a window", "a hop")
    for layer in result.layers:
        layers.add_row(
            f"{layer.index}",
            layer.operator,
            "-" if layer.rows is None else f"{layer.rows}",
            "all" if layer.computed_rows is None else f"{layer.computed_rows}",
            f"{layer.state_bytes:,} B" if layer.state_bytes else "",
            f"{layer.macs_window:,}" if layer.macs_window else "",
            f"{layer.macs_hop:,}" if layer.macs_window else "",
        )
    least = result.least_hop
    others = "" if least == result.hop else f"; with {least} every layer would stream"
    facts = [
        ("model", result.model),
        ("hop", f"{result.hop} of {result.frames} frames (dimension {result.axis}){others}"),
        (
            "work",
            f"{result.macs_hop:,} MACs a hop, {result.macs_window:,} a window: {_less(result)}",
        ),
        ("kept", f"{in_bytes(result.state_bytes)}, {result.input_state_bytes:,} of them input"),
        ("reset", "as after a window of silence, zeros"),
        (
            "proven",
            f"after each of {result.hops_checked} hops of random codes equal to the model on the "
            f"whole window ({result.oracle})",
        ),
        ("written", f"{result.path}: give it to `tinygen build`"),
    ]
    parts: list[RenderableType] = [
        fact_table(facts),
        Group(layers, *(Text(line) for line in _anew(result))),
    ]
    if result.measured is not None:
        parts.append(Group(bench_report(result.measured), *(Text(t) for t in _ratios(result))))
    return page(*parts)


def _less(result: StreamResult) -> str:
    if not result.macs_window:
        return "nothing is multiplied"
    return f"{100 * result.macs_hop / result.macs_window:.3g} %"


def _anew(result: StreamResult) -> Iterator[str]:
    """Why layers are computed from the whole window, those of one reason together."""
    reasons: dict[str, list[StreamLayer]] = {}
    for layer in result.layers:
        if layer.why:
            reasons.setdefault(layer.why, []).append(layer)
    for why, those in reasons.items():
        names = ", ".join(f"{layer.index} {layer.operator}" for layer in those)
        yield f"{names}: {why}."


def _ratios(result: StreamResult) -> Iterator[str]:
    """A hop against a window, by engine."""
    assert result.measured is not None
    windows = [row for row in result.measured.rows if row.model != result.path.stem]
    for row in result.measured.rows:
        for other in windows:
            if row.model == result.path.stem and (row.engine, row.board) == (
                other.engine,
                other.board,
            ):
                a, b = row.per_inference, other.per_inference
                if a and b:
                    yield f"{row.engine}: a hop takes {100 * a / b:.3g} % of a window's {row.unit}."
