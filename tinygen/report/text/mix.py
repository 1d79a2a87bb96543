"""Mixed precision: which layers are int16, and what that gives and takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import RenderableType

from tinygen.report.text.tables import decibel, in_bytes, ruled

if TYPE_CHECKING:
    from tinygen.api.mix import MixResult, Variant


def mix_parts(result: MixResult | None) -> Iterable[RenderableType]:
    """A line, a table of the alternatives, and the layers; nothing where there is nothing."""
    if result is None:
        return
    chosen = result.chosen
    yield f"--sqnr {chosen.goal_db:g}: {chosen.text}"
    table = ruled("activations", "SQNR", "flash", "arena", "instructions")
    for variant in result.variants:
        table.add_row(variant.activations, decibel(variant.sqnr_db), *_taken(variant))
    yield table
    if any(variant.price is not None for variant in result.variants):
        yield "estimated, for the engine aot: flash is that of layers and their constants"
    if chosen.could not in (None, chosen.of):
        yield f"int16 is {chosen.most}: of the other layers there is no such form"
    if chosen.layers:
        yield "on int16: " + ", ".join(f"{one.operator} '{one.name}'" for one in chosen.layers)
    edges = {"input": chosen.inputs, "output": chosen.outputs}
    named = [f"{side} '{name}'" for side, names in edges.items() for name in names]
    if named:
        yield "int16 edges: " + ", ".join(named)


def _taken(variant: Variant) -> tuple[str, str, str]:
    if variant.price is None:
        return "", "", ""
    price = variant.price
    return in_bytes(price.flash), in_bytes(price.arena), f"{price.instructions:,}"
