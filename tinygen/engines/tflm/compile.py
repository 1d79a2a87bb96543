"""A .tflite file with TensorFlow Lite Micro's interpreter, built from upstream's own sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen.boards import Board, TflmFrom
from tinygen.engines.engine import require_stateless
from tinygen.engines.tflm import arena, edges, offline, probe, render, scratch
from tinygen.engines.tflm.arena import Arena, DoesNotRun
from tinygen.engines.tflm.kernel_sets import KernelSet
from tinygen.engines.tflm.library import Library, assemble, bundled
from tinygen.engines.tflm.source import TflmTree
from tinygen.engines.tflm.upstream import Operator, Upstream
from tinygen.ir import Graph, Int8Model, input_edges
from tinygen.options import BuildOptions
from tinygen.templates import Identity


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
    require_stateless(graph)
    upstream = Upstream(tree)
    kinds = tuple(sorted({node.op.kind for node in graph.nodes}))
    operators = [upstream.operator(kind) for kind in kinds]
    registered = [render.registered(graph, operator) for operator in operators]
    library = (
        assemble(upstream, operators, kernels, debug=options.debug)
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
            _emulated(upstream, operators, kernels, debug=debug),
            planned.original,
            kernels,
            identity,
        )

    trial = project()
    measured = probe.recall(trial, cache)
    if measured is None and options.arena is None:
        options.progress.stage("Finding the smallest arena")
        try:
            measured = probe.measure(core, trial, cache, options.jobs)
        except DoesNotRun as error:
            said = probe.words(core, project(debug=True), options.jobs)
            raise error.because(said) from error
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


def _emulated(
    upstream: Upstream, operators: Sequence[Operator], kernels: KernelSet, *, debug: bool
) -> Library:
    """The library that an emulated core runs to size the arena."""
    runs = scratch.EMULATED.get(kernels, kernels)
    library = assemble(upstream, operators, runs, debug=debug)
    return library if runs is kernels else scratch.with_scratch_of(upstream, library, kernels)
