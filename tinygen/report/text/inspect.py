"""What a model is made of, and the boards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.text import Text

from tinygen.report.text.fidelity import fidelity_parts
from tinygen.report.text.npu import npu_part
from tinygen.report.text.tables import (
    BAR,
    arena_rows,
    columns,
    fact_table,
    in_bytes,
    page,
    whole_gib,
)

if TYPE_CHECKING:
    from tinygen.api.inspect import InspectResult
    from tinygen.ir import Edge


def inspect_report(result: InspectResult) -> RenderableType:
    """Layers with the memory in use over time, and the boards."""
    layers = columns("", "operator", "output", "MACs", "constants", "arena in use", BAR)
    peak = max((layer.live_bytes for layer in result.layers), default=0) or 1
    for layer in result.layers:
        layers.add_row(
            f"{layer.index}",
            layer.operator,
            "x".join(map(str, layer.output_shape)),
            f"{layer.macs:,}" if layer.macs else "",
            f"{layer.constant_bytes:,} B",
            f"{layer.live_bytes:,} B",
            "#" * max(1, round(8 * layer.live_bytes / peak)),
        )
    boards = columns("board", "fits", "RAM needed", "has", "flash needed", "has")
    for fit in result.boards:
        if fit.engine == "aot":
            boards.add_row(
                fit.board,
                "yes" if fit.fits else "no",
                f"{'~' * fit.estimated}{fit.ram_needed:,} B",
                whole_gib(fit.ram_available) or f"{fit.ram_available:,} B",
                f"{'~' * fit.estimated}{fit.flash_needed:,} B",
                whole_gib(fit.flash_available) or f"{fit.flash_available:,} B",
            )
    rows = [("model", result.model), ("opened by", f"{result.loader} ({result.format})")]
    if result.signatures:
        first, *others = result.signatures
        beside = f"; --signature takes {', '.join(others)} too" if others else ""
        rows.append(("signature", f"{first}{beside}"))
    if result.quantized_here:
        with_random = result.data in (None, "random")
        said = "random data: sizes hold, scales do not" if with_random else result.data
        rows.append(("quantized", f"for this look, with {said}"))
    rows += [
        *((f"input {i}", _edge(t)) for i, t in enumerate(result.inputs)),
        *((f"output {i}", _edge(t)) for i, t in enumerate(result.outputs)),
        ("work", f"{result.macs:,} MACs per inference"),
        (
            "parameters",
            f"{result.parameters:,}, {in_bytes(result.constant_bytes)} with requantization",
        ),
        *arena_rows(result.arena_bytes, result.arena_minimum_bytes, result.arena_peak),
        *(("", note) for note in result.notes),
    ]
    return page(
        fact_table(rows),
        layers,
        *(() if result.npu is None else (npu_part(result.npu),)),
        Group(boards, *(Text(line) for line in _board_remarks(result))),
        *fidelity_parts(result.fidelity),
    )


def _interpreted(result: InspectResult) -> Iterator[str]:
    """What the interpreter takes of RAM, arena and stack, and on which boards."""
    boards: dict[str, list[str]] = {}
    for fit in result.boards:
        if fit.engine == "tflm" and fit.fits is not False:
            needs = "not known" if fit.ram_needed is None else f"~{fit.ram_needed:,} B"
            much = fit.ram_needed is not None and not fit.fits
            boards.setdefault(f"{needs}?" if much else needs, []).append(fit.board)
    for needs, names in boards.items():
        yield f"RAM with tflm {needs}: {', '.join(names)}."


def _board_remarks(result: InspectResult) -> Iterator[str]:
    """What the table of boards means, and what it leaves out."""
    yield "With the engine aot: RAM is arena and stack, flash the constants; the code comes on top."
    if any(fit.estimated for fit in result.boards):
        yield (
            "~ is with plain kernels, where that decides: tinygen inspect --board says what the "
            "board's own take."
        )
    for remark in dict.fromkeys(fit.remark for fit in result.boards if fit.remark):
        yield f"{', '.join(fit.board for fit in result.boards if fit.remark == remark)}: {remark}."
    others = [fit for fit in result.boards if fit.engine == "tflm"]
    if others:
        if default := sum(fit.is_default for fit in others):
            yield f"{default} boards take the engine tflm unless --engine says another."
        yield (
            "With tflm the arena is computed here, with 2 % and 128 bytes of margin, and a build "
            "finds the smallest that works; ? is more than there is. The interpreter's code, 20 to "
            "60 KB, comes on top."
        )
    yield from _interpreted(result)
    if short := [fit for fit in others if fit.fits is False]:
        names = ", ".join(fit.board for fit in short)
        yield f"Too large for tflm, whose model is {in_bytes(short[0].flash_needed)}: {names}."


def _edge(edge: Edge) -> str:
    shape = "x".join(map(str, edge.shape))
    return f"{edge.name} {shape}, scale {edge.scale:.6g}, zero point {edge.zero_point}"
