"""inspect(): what a model is made of, what it needs, and which boards it fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from tinygen.api.fidelity import fidelity_of
from tinygen.api.inspect_options import InspectOptions
from tinygen.api.keywords import by_keywords
from tinygen.api.npu import NpuComparison, compared
from tinygen.api.prepare import by_layers, prepare
from tinygen.api.prepared import Prepared
from tinygen.api.shown import Shown
from tinygen.boards import Board, all_boards, get_board
from tinygen.boards.fit import Fit, Needs, constants_room, fit, largest_room
from tinygen.engines import ENGINES, aot, kernel_sets
from tinygen.engines.aot import Layer, Program
from tinygen.ir import Edge, Int8Model, input_edges, output_edges
from tinygen.options import DataOptions, ModelOptions
from tinygen.proof.layer_fidelity import FidelityResult


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
    """None where that is known only after a build, which finds the engine's arena."""
    why_not: tuple[str, ...]
    remark: str
    """Why the flash there is less than the board's own, where it is too little."""
    estimated: bool
    """Of `aot`: whether the needs are those with plain kernels, which decide: there is room for
    much more, or for less than packed weights or the edges alone. Of `tflm`: whether the arena was
    computed; it has a margin of 2 % and 128 bytes, and a build finds the smallest that works."""
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
    """Whether it was quantized for this look: with random data sizes are true, scales are not."""
    data: str | None
    """With what: a file's name, or `random`; None for a .tflite and no data."""
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
    fidelity: FidelityResult | None = None
    """Which layer loses the accuracy, where that was asked for."""
    npu: NpuComparison | None = None
    """What an NPU would do with it by Vela's estimates, where one was asked for."""


def inspect_model(model: Path, options: InspectOptions) -> InspectResult:
    """Look at a model without building it.

    What is not quantized is quantized with `data`, or with random ones: sizes are right then,
    accuracy is not. With `fidelity` the result says which layer loses the accuracy, with `npu` what
    Arm's compiler Vela estimates for an Ethos-U, beside the engine aot on the board's processor.

    Returns
    -------
    InspectResult
        Operators, shapes, multiply-accumulates, bytes, and the boards it fits.

    Raises
    ------
    InputError
        For what is no model that can be used, and for `fidelity` without data.
    UnsupportedModel
        For operators, types or shapes that are not compiled.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.inspect("digits.tflite", board="uno").macs
    70080
    """
    targets = all_boards() if options.board is None else (get_board(options.board),)
    shared = {f.name: getattr(options, f.name) for f in fields(DataOptions)}
    given = ModelOptions(**shared, signature=options.signature)
    ready = prepare(model, given, random_if_needed=not options.fidelity)
    fidelity = fidelity_of(ready, options.progress) if options.fidelity else None
    one = options.board is not None
    seen = _inspected(ready, given, targets, one=one, fidelity=fidelity)
    if options.npu is None:
        return seen
    options.progress.stage(f"Compiling for {options.npu} with Vela")
    beside = compared(ready.model, options.npu, targets[0] if one else None)
    return replace(seen, npu=beside)


inspect = by_keywords(InspectOptions, inspect_model, "inspect")


def _inspected(
    ready: Prepared,
    options: ModelOptions,
    targets: Sequence[Board],
    *,
    one: bool,
    fidelity: FidelityResult | None,
) -> InspectResult:
    options.progress.stage("Seeing where it fits")
    with by_layers(ready, options):
        graph = aot.optimized(ready.model)
        program = aot.compile_graph(graph)
    return InspectResult(
        model=ready.opened.name,
        format=ready.opened.format,
        loader=ready.opened.loader,
        quantized_here=not ready.opened.is_int8,
        data=None if ready.data is None else ready.data.source,
        signatures=ready.opened.signatures,
        inputs=input_edges(graph),
        outputs=output_edges(graph),
        layers=tuple(_layer(program, layer) for layer in program.layers),
        macs=program.macs,
        parameters=aot.parameters(graph),
        constant_bytes=program.constant_bytes,
        arena_bytes=program.plan.arena_bytes,
        arena_minimum_bytes=program.plan.minimum_bytes,
        arena_peak=None if program.peak is None else program.peak.place,
        notes=aot.left_out(ready.model),
        boards=tuple(_fits(ready.model, targets, None if one else program)),
        fidelity=fidelity,
    )


def _layer(program: Program, layer: Layer) -> LayerReport:
    return LayerReport(
        index=layer.index,
        operator=" + ".join(dict.fromkeys(layer.operators)),
        output=layer.title,
        input_shapes=tuple(t.shape for t in layer.io.inputs if t is not None and not t.constant),
        output_shape=layer.io.outputs[0].shape,
        macs=layer.macs,
        constant_bytes=sum(
            c.data.nbytes for one in layer.unrolled for c in one.call.constants.values()
        ),
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
                yield _fit(board, name, ENGINES[name].needs(model, sets, board))


def _clear(board: Board, program: Program) -> Fit | None:
    """Whether the board has room, where another choice of kernels, or computing in stripes, cannot
    change that: there is twice what these kernels take, or less than a bit of each weight, which
    nothing packs them below, or than the edges alone. An AVR keeps some of the constants in RAM:
    there it is not clear that it fits."""
    needs, graph = aot.needs(program), program.graph
    assert needs.arena is not None
    weights = sum(t.elements for t in graph.tensors.values() if t.constant) // 8
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
    return _judged(engine, judged, estimated=judged.needs.estimated)


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
