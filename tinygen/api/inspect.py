"""inspect(): what a model is made of, what it needs, and which boards it fits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tinygen.api.prepare import prepare
from tinygen.boards import Board, all_boards
from tinygen.engines import aot
from tinygen.engines.aot import Layer, Program
from tinygen.ir import Edge, input_edges, output_edges
from tinygen.load import Int8File
from tinygen.options import ModelOptions
from tinygen.progress import SILENT, Progress


@dataclass(frozen=True)
class LayerReport:
    """One kernel call. Shapes with the batch; bytes."""

    index: int
    operator: str
    output: str
    input_shapes: tuple[tuple[int, ...], ...]
    output_shape: tuple[int, ...]
    macs: int
    constant_bytes: int
    live_bytes: int
    """Arena bytes in use while it runs."""


@dataclass(frozen=True)
class BoardFit:
    """Whether arena and constants alone fit; the code comes on top and is known after a build."""

    board: str
    fits: bool
    ram_needed: int
    ram_available: int
    flash_needed: int
    flash_available: int


@dataclass(frozen=True)
class InspectResult:
    """Structure and needs of a model after quantization. Bytes."""

    model: str
    format: str
    loader: str
    quantized_here: bool
    """Whether it was quantized for this look, with random data: sizes are true, scales are not."""
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]
    layers: tuple[LayerReport, ...]
    macs: int
    parameters: int
    constant_bytes: int
    arena_bytes: int
    arena_minimum_bytes: int
    boards: tuple[BoardFit, ...]


def inspect(
    model: str | Path, *, trust_model: bool = False, progress: Progress = SILENT
) -> InspectResult:
    """Look at a model without building it. Raises InputError."""
    options = ModelOptions(trust_model=trust_model, progress=progress)
    ready = prepare(Path(model), options, random_if_needed=True)
    graph = ready.model.graph
    program = aot.compile_graph(graph, ("portable",))
    return InspectResult(
        model=ready.loaded.name,
        format=ready.loaded.format,
        loader=ready.loaded.loader,
        quantized_here=not isinstance(ready.loaded, Int8File),
        inputs=input_edges(graph),
        outputs=output_edges(graph),
        layers=tuple(_layer(program, layer) for layer in program.layers),
        macs=program.macs,
        parameters=sum(t.elements for t in graph.tensors.values() if t.constant),
        constant_bytes=program.constant_bytes,
        arena_bytes=program.plan.arena_bytes,
        arena_minimum_bytes=program.plan.minimum_bytes,
        boards=tuple(_fit(program, board) for board in all_boards()),
    )


def _layer(program: Program, layer: Layer) -> LayerReport:
    return LayerReport(
        index=layer.index,
        operator=layer.node.op.kind,
        output=layer.title,
        input_shapes=tuple(t.shape for t in layer.io.inputs if t is not None and not t.constant),
        output_shape=layer.io.outputs[0].shape,
        macs=layer.macs,
        constant_bytes=sum(a.nbytes for a in layer.call.constants.values()),
        live_bytes=program.plan.live_bytes[layer.index],
    )


def _fit(program: Program, board: Board) -> BoardFit:
    arena, flash = program.plan.arena_bytes, program.constant_bytes
    room = max(room for _, room in board.arena_rooms)
    return BoardFit(
        board=board.id,
        fits=arena <= room and flash <= board.memory.flash.bytes,
        ram_needed=arena + board.stack_bytes,
        ram_available=room + board.stack_bytes,
        flash_needed=flash,
        flash_available=board.memory.flash.bytes,
    )
