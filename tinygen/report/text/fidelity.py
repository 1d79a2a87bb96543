"""Which layer loses the accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import RenderableType

from tinygen.report.text.tables import decibel, fact_table, ruled, share

if TYPE_CHECKING:
    from tinygen.proof.layer_fidelity import FidelityResult, LayerFidelity

_TOLD = 4
"""So many layers get their causes and remedies in sentences."""
_COMPARED = """\
SQNR in dB, of the quantized model against the float model, the layer that costs most first:
  alone     at the model's outputs, this layer alone quantized; share is of all these errors
  itself    at the layer's output, both fed with the same numbers
  running   at the layer's output as the model runs, with all that was lost before"""


def fidelity_parts(result: FidelityResult | None) -> Iterator[RenderableType]:
    """The parts of a page that tell it; none where it was not asked for."""
    if result is None:
        return
    rows = [("layers looked at on", f"{result.samples} samples, of {result.data}")]
    rows += [("compared with", result.reference)] if result.reference else []
    rows += [(f"{one.codes} against float", one.text) for one in result.outputs]
    if worst := result.worst:
        said = f"{worst.operator} {worst.name}, {share(worst.share)} of what is lost"
        rows.append(("costs most", said))
    yield fact_table(rows)
    yield _table(result)
    if result.reference:
        yield _COMPARED
    ordered = _ordered(result)
    told = [layer for layer in ordered if layer.causes or (layer.rank == 1 and layer.remedies)]
    for layer in told[:_TOLD]:
        yield _sentences(layer)
    if len(told) > _TOLD:
        yield f"of {len(told) - _TOLD} more layers --json has the causes"
    yield from _left_out(result)
    yield from result.notes


def _ordered(result: FidelityResult) -> list[LayerFidelity]:
    """The layer that costs most first; without a float model in the order of the model."""
    last = len(result.layers) + 1
    return sorted(result.layers, key=lambda layer: layer.rank or last)


def _table(result: FidelityResult) -> RenderableType:
    if not result.reference:
        table = ruled("layer", "saturated", "range used", "channels", "dead")
        for layer in result.layers:
            table.add_row(_title(layer), *_ranges(layer), f"{len(layer.dead_channels):,}")
        return table
    table = ruled("layer", "share", "alone", "itself", "running", "saturated", "used", "lost")
    for layer in _ordered(result):
        lost = len(layer.lost_channels)
        saturated, used, _ = _ranges(layer)
        table.add_row(
            _title(layer),
            share(layer.share),
            _decibel(layer.alone_sqnr_db),
            _decibel(layer.own_sqnr_db),
            _decibel(layer.sqnr_db),
            saturated,
            used,
            f"{lost:,}" if lost else "",
        )
    return table


def _title(layer: LayerFidelity) -> str:
    return f"{layer.operator}\n{layer.name}"


def _ranges(layer: LayerFidelity) -> tuple[str, str, str]:
    used = share(layer.range_used, 0)
    return share(layer.saturated) if layer.saturated else "", used, f"{layer.channels:,}"


def _decibel(value: float | None) -> str:
    return "" if value is None else decibel(value).removesuffix(" dB")


def _sentences(layer: LayerFidelity) -> str:
    lines = [f"{layer.operator} {layer.name}:"]
    lines += [f"  {cause}" for cause in layer.causes]
    lines += [f"  do: {remedy}" for remedy in layer.remedies]
    return "\n".join(lines)


def _left_out(result: FidelityResult) -> Iterator[str]:
    """Each reason once, with the layers of it."""
    reasons: dict[str, list[str]] = {}
    for one in result.left_out:
        reasons.setdefault(one.why, []).append(f"{one.operator} {one.name}")
    for why, names in reasons.items():
        yield f"left out, because {why}: {', '.join(names)}"
