"""inspect(): what a model is made of, what it needs, and which boards it fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen.api.in_memory import Model, as_files
from tinygen.api.prepare import by_layers, prepare
from tinygen.api.shown import Shown
from tinygen.boards import Board, all_boards, get_board
from tinygen.boards.fit import Fit, Needs, constants_room, fit, largest_room
from tinygen.engines import ENGINES, aot, kernel_sets
from tinygen.engines.aot import Layer, Program
from tinygen.ir import Edge, Int8Model, input_edges, output_edges
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
    """Whether a board has room for arena and constants, by one of its engines.

    The code comes on top and is known after a build. Bytes.
    """

    board: str
    engine: str
    is_default: bool
    """Whether the board takes this engine when none is asked for."""
    fits: bool | None
    """None where the engine finds its arena only by building."""
    why_not: tuple[str, ...]
    remark: str
    """Why the flash there is less than the board's own, where it is too little."""
    estimated: bool
    """Whether the needs are those with plain kernels, which decide: there is room for much more, or
    for less than the weights or the edges alone."""
    ram_needed: int | None
    ram_available: int
    flash_needed: int
    flash_available: int


@dataclass(frozen=True, repr=False)
class InspectResult(Shown):
    """Structure and needs of a model after quantization. Bytes."""

    model: str
    format: str
    loader: str
    quantized_here: bool
    """Whether it was quantized for this look, with random data: sizes are true, scales are not."""
    signatures: tuple[str, ...]
    """Of a SavedModel or a .tflite, the one that was looked at first."""
    inputs: tuple[Edge, ...]
    outputs: tuple[Edge, ...]
    layers: tuple[LayerReport, ...]
    macs: int
    parameters: int
    constant_bytes: int
    arena_bytes: int
    arena_minimum_bytes: int
    arena_peak: str | None
    """Where most of the arena is in use."""
    notes: tuple[str, ...]
    """What the engine aot has to say of it."""
    boards: tuple[BoardFit, ...]
    """For each board and each engine that runs there; the board's default one first."""


def inspect(
    model: Model,
    *,
    input_shape: tuple[str, ...] = (),
    signature: str | None = None,
    board: str | None = None,
    trust_model: bool = False,
    progress: Progress = SILENT,
) -> InspectResult:
    """Look at a model without building it.

    Parameters
    ----------
    model : path or Keras model
        A .h5, .keras or .tflite file, a SavedModel folder, or a Keras model object. What is
        not quantized is quantized with random data: sizes are right then, accuracy is not.
    input_shape : tuple of str
        Of a Keras model that leaves the size of its input open, as ``("96x96x3",)``.
    signature : str, optional
        Which of a file's signatures is meant, where it has several.
    board : str, optional
        Only whether it fits this one, which takes less time.
    trust_model : bool
        Open a model file that runs code of its own (Lambda).
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    InspectResult
        Operators, shapes, multiply-accumulates, bytes, and the boards it fits.

    Raises
    ------
    InputError
        For what is no model that can be used.
    UnsupportedModel
        For operators, types or shapes that are not compiled.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.inspect("digits.tflite", board="uno").macs
    70080
    """
    targets = all_boards() if board is None else (get_board(board),)
    options = ModelOptions(
        input_shape=input_shape, signature=signature, trust_model=trust_model, progress=progress
    )
    with as_files(model, options) as (path, given):
        return _inspected(path, given, targets, one=board is not None)


def _inspected(
    path: Path, options: ModelOptions, targets: Sequence[Board], *, one: bool
) -> InspectResult:
    ready = prepare(path, options, random_if_needed=True)
    options.progress.stage("Seeing where it fits")
    with by_layers(ready, options):
        graph = aot.optimized(ready.model)
        program = aot.compile_graph(graph)
    return InspectResult(
        model=ready.opened.name,
        format=ready.opened.format,
        loader=ready.opened.loader,
        quantized_here=not ready.opened.is_int8,
        signatures=ready.opened.signatures,
        inputs=input_edges(graph),
        outputs=output_edges(graph),
        layers=tuple(_layer(program, layer) for layer in program.layers),
        macs=program.macs,
        parameters=sum(t.elements for t in graph.tensors.values() if t.constant),
        constant_bytes=program.constant_bytes,
        arena_bytes=program.plan.arena_bytes,
        arena_minimum_bytes=program.plan.minimum_bytes,
        arena_peak=None if program.peak is None else program.peak.place,
        notes=aot.left_out(ready.model),
        boards=tuple(_fits(ready.model, targets, None if one else program)),
    )


def _layer(program: Program, layer: Layer) -> LayerReport:
    return LayerReport(
        index=layer.index,
        operator=layer.node.op.kind,
        output=layer.title,
        input_shapes=tuple(t.shape for t in layer.io.inputs if t is not None and not t.constant),
        output_shape=layer.io.outputs[0].shape,
        macs=layer.macs,
        constant_bytes=sum(c.data.nbytes for c in layer.call.constants.values()),
        live_bytes=program.plan.live_bytes[layer.index],
    )


def _fits(
    model: Int8Model, targets: Sequence[Board], program: Program | None
) -> Iterator[BoardFit]:
    """What `generate` would say of each of these boards and each engine. Where `program` makes that
    clear, it is not compiled anew."""
    for board in targets:
        for name, sets in kernel_sets(board).items():
            clear = None if program is None or name != "aot" else _clear(board, program)
            if clear is not None:
                yield _judged(name, clear, estimated=True)
            else:
                yield _fit(board, name, ENGINES[name].needs(model, sets, board.core))


def _clear(board: Board, program: Program) -> Fit | None:
    """Whether the board has room, where another choice of kernels, or computing in stripes, cannot
    change that: there is twice what these kernels take, or less than the weights alone or the edges
    alone. An AVR keeps some of the constants in RAM: there it is not clear that it fits."""
    needs, graph = aot.needs(program), program.graph
    assert needs.arena is not None
    weights = sum(t.nbytes for t in graph.tensors.values() if t.constant)
    edges = max(
        sum(graph.tensors[i].nbytes for i in ends) for ends in (graph.inputs, graph.outputs)
    )
    flash, ram = constants_room(board), largest_room(board)
    plenty = flash >= _PLENTY * needs.constants and ram >= _PLENTY * needs.arena
    if flash < weights or ram < edges or (plenty and not board.core.startswith("avr")):
        return fit(board, needs)
    return None


_PLENTY = 2
"""So many times what plain kernels take is enough for any."""


def _fit(board: Board, engine: str, tried: Iterator[Needs]) -> BoardFit:
    first = judged = fit(board, next(tried))
    while not judged.fits:
        if (more := next(tried, None)) is None:
            judged = first
            break
        judged = fit(board, more)
    return _judged(engine, judged, estimated=False)


def _judged(engine: str, judged: Fit, *, estimated: bool) -> BoardFit:
    needs, board = judged.needs, judged.board
    return BoardFit(
        board=board.id,
        engine=engine,
        is_default=engine == board.engines.default,
        fits=judged.fits,
        why_not=tuple(shortage.text for shortage in judged.shortages),
        remark="".join(short.remark for short in judged.shortages if short.memory == "flash"),
        estimated=estimated,
        ram_needed=None if needs.arena is None else needs.arena + board.stack_bytes,
        ram_available=largest_room(board) + board.stack_bytes,
        flash_needed=needs.constants,
        flash_available=constants_room(board),
    )
