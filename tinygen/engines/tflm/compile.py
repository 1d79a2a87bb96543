"""A .tflite file with TensorFlow Lite Micro's interpreter, built from upstream's own sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tinygen import tflite
from tinygen.boards import Board, Extension, Port, TflmFrom
from tinygen.engines.tflm import arena, edges, offline, probe, render, scratch
from tinygen.engines.tflm.allocator import starting
from tinygen.engines.tflm.arena import Arena, DoesNotRun, Measured, Need
from tinygen.engines.tflm.kernel_sets import KernelSet, refused
from tinygen.engines.tflm.library import Library, assemble, bundled
from tinygen.engines.tflm.offline import Planned
from tinygen.engines.tflm.operator_memory import Kernels, UnknownOperator
from tinygen.engines.tflm.source import TflmTree
from tinygen.engines.tflm.upstream import Operator, Upstream
from tinygen.errors import ToolchainError
from tinygen.ir import Graph, Int8Model, input_edges
from tinygen.npu.vela import Compiled
from tinygen.options import BuildOptions
from tinygen.templates import Identity
from tinygen.tflite import File


@dataclass(frozen=True, eq=False)
class TflmFirmware:
    """A model with its interpreter: what to add to a project."""

    files: Mapping[str, bytes]
    build_flags: tuple[str, ...]
    scripts: tuple[str, ...]
    """Files of the project that PlatformIO runs before a build."""
    arena: Arena
    graph: Graph
    operators: tuple[str, ...]
    """TFLite's names, each once, sorted: what is registered."""
    model_bytes: int
    """Flash of the model, memory plan included."""
    npu: Compiled | None = None
    """What Vela made of it, where an NPU computes."""


def compile_model(
    model: Int8Model,
    board: Board,
    kernels: KernelSet,
    tree: TflmTree,
    cache: Path,
    identity: Identity,
    options: BuildOptions,
) -> TflmFirmware:
    """The .tflite file of `model`, as it is but for edges that are not int8, for `board`.

    Of the options, `arena` sets the arena without measuring, `debug` keeps TFLM's error texts.
    Raises UnsupportedModel, DoesNotFit, and ToolchainError when the arena cannot be measured.
    """
    content, graph = edges.with_int8(model)
    upstream = Upstream(tree)
    kinds = _kinds(content, graph)
    operators = [upstream.operator(kind) for kind in kinds]
    registered = [render.registered(graph, operator) for operator in operators]
    plain = frozenset(upstream.kernel_source(upstream.operator(kind)) for kind in refused(graph))
    library = (
        assemble(upstream, operators, kernels, plain=plain, debug=options.debug)
        if board.engines.tflm_from is TflmFrom.SOURCES
        else bundled(board)
    )
    planned = offline.with_plan(content, graph)
    core = probe.emulated_core(board)

    def project(*, debug: bool = False) -> dict[str, bytes]:
        return probe.project(
            core,
            render.data_files(registered, planned.content, planned.original, identity),
            input_edges(graph),
            _emulated(upstream, operators, kernels, plain, debug=debug),
            planned.original,
            kernels,
            identity,
        )

    trial = project()
    store = None if options.no_cache else probe.store(cache)
    measured = probe.recall(trial, store)
    if measured is None and options.arena is None:
        # Programs of an operating system are for cores of 64 bits too, which are not computed.
        if board.port is not Port.POSIX and (missing := probe.missing(core)):
            measured = _computed(content, graph, planned, board, kernels, missing)
        else:
            try:
                measured = probe.measure(core, trial, store, options)
            except DoesNotRun as error:
                said = probe.words(core, project(debug=True), options.jobs)
                others = "" if kernels is KernelSet.REFERENCE else KernelSet.REFERENCE.value
                raise error.because(said, others) from error
    chosen = arena.choose(board, core, measured, options.arena)
    embedded, original = (content, 0)
    if chosen.offline_plan:
        embedded, original = planned.content, planned.original
    texts = render.model_files(graph, registered, embedded, original, chosen, identity)
    files = {
        **library.files,
        **probe.glue_files(board, kernels),
        **{name: text.encode() for name, text in texts.items()},
    }
    return TflmFirmware(
        files=dict(sorted(files.items())),
        build_flags=library.build_flags,
        scripts=library.scripts,
        arena=chosen,
        graph=graph,
        operators=kinds,
        model_bytes=len(embedded),
    )


def _kinds(content: bytes, graph: Graph) -> tuple[str, ...]:
    """TFLite's names of all operators, each once, sorted: of a model with variables those too that
    move them."""
    if not graph.states:
        return tuple(sorted({node.op.kind for node in graph.nodes}))
    file = tflite.parse(content, graph.name)
    parts = (file, *file.subgraphs)
    return tuple(sorted({call.kind for part in parts for call in part.calls}))


def computed(model: Int8Model, kernels: KernelSet, board: Board) -> int | None:
    """The arena in bytes that would be built if nothing could be measured; None where that cannot
    be computed: for cores of 64 bits, and operators whose memory is not known."""
    if board.port is Port.POSIX:
        return None
    return _of_core(model, kernels, board.extensions)


@lru_cache(maxsize=32)
def _of_core(model: Int8Model, kernels: KernelSet, extensions: tuple[Extension, ...]) -> int | None:
    """Many boards have one core."""
    file, graph, offsets = _placed(model)
    known = Kernels(kernels, extensions)
    try:
        found = (starting(file, graph, known, o).bytes for o in (offsets, None))
        return arena.with_margin(min(found))
    except UnknownOperator:
        return None


@lru_cache(maxsize=1)
def _placed(model: Int8Model) -> tuple[File, Graph, tuple[int, ...]]:
    """The file that the interpreter gets, its graph, and where our plan has its tensors."""
    content, graph = edges.with_int8(model)
    offsets = offline.with_plan(content, graph).offsets
    return tflite.parse(content, model.name), graph, offsets


def _computed(
    content: bytes,
    graph: Graph,
    planned: Planned,
    board: Board,
    kernels: KernelSet,
    missing: ToolchainError,
) -> Measured:
    """The arena as it is computed where nothing can be measured; `missing` where that cannot be."""
    file, known = tflite.parse(content, graph.name), Kernels(kernels, board.extensions)
    try:
        ours = starting(file, graph, known, planned.offsets)
        theirs = starting(file, graph, known)
    except UnknownOperator as error:
        raise ToolchainError(
            f"{missing.what}; without it the arena is computed, and {error.what}",
            why="TensorFlow Lite Micro tells what it needs only when it runs",
            next_step=f"{missing.next_step}; or --arena BYTES, or --engine aot",
        ) from error
    return Measured(
        planned=Need(ours.bytes, ours.used, start_ticks=0),
        greedy=Need(theirs.bytes, theirs.used, start_ticks=0),
        board=board.id,
        not_measured=missing.what,
    )


def _emulated(
    upstream: Upstream,
    operators: Sequence[Operator],
    kernels: KernelSet,
    plain: frozenset[str],
    *,
    debug: bool,
) -> Library:
    """The library that an emulated core runs to size the arena."""
    runs = scratch.EMULATED.get(kernels, kernels)
    library = assemble(upstream, operators, runs, plain=plain, debug=debug)
    return library if runs is kernels else scratch.with_scratch_of(upstream, library, kernels)
