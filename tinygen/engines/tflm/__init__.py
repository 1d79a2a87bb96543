"""The tflm engine: TensorFlow Lite Micro's interpreter, built from upstream's own sources.

    tree = setup(cache)
    firmware = compile_model(content, board, KernelSet.CMSIS_NN, tree, workshop, cache, identity)

`firmware.files` go into the project beside the port and the protocol; `model.h` is the same
interface as the aot engine's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen import tflite
from tinygen.boards import Board, TflmFrom
from tinygen.engines.tflm import arena, offline, probe, render, scratch
from tinygen.engines.tflm.arena import Arena, Need
from tinygen.engines.tflm.kernel_sets import KernelSet, pins
from tinygen.engines.tflm.library import Library, assemble, bundled
from tinygen.engines.tflm.probe import Workshop
from tinygen.engines.tflm.render import Identity
from tinygen.engines.tflm.source import TflmTree, installed, setup
from tinygen.engines.tflm.upstream import Operator, Upstream
from tinygen.errors import InputError
from tinygen.ir import Graph
from tinygen.progress import SILENT, Progress

__all__ = [
    "Arena",
    "KernelSet",
    "Need",
    "TflmFirmware",
    "TflmTree",
    "Workshop",
    "compile_model",
    "installed",
    "kernel_set",
    "kernel_sets",
    "pins",
    "setup",
]


@dataclass(frozen=True, eq=False)
class TflmFirmware:
    """A model with its interpreter: what to add to a project."""

    files: Mapping[str, bytes]
    build_flags: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    """Further lines of platformio.ini: name and value."""
    arena: Arena
    graph: Graph
    operators: tuple[str, ...]
    """TFLite's names, each once, sorted: what is registered."""
    model_bytes: int
    """Flash of the model, memory plan included."""


def kernel_sets(board: Board) -> tuple[str, ...]:
    """The names of the kernel sets there are for the board, the best one first."""
    known = {kernels.value for kernels in KernelSet}
    there = [kernels for kernels in board.engines.tflm_kernel_sets if kernels in known]
    if board.engines.tflm_from is TflmFrom.SOURCES and KernelSet.REFERENCE.value not in there:
        there.append(KernelSet.REFERENCE.value)
    return tuple(there)


def kernel_set(board: Board, name: str | None = None) -> KernelSet:
    """The kernel set `name`, or the board's best one."""
    there = kernel_sets(board)
    chosen = name or next(iter(there), "that tinygen knows")
    if chosen not in there:
        raise InputError(
            f"{board.id} has no kernel set {chosen} for the engine tflm",
            why=f"kernel sets there: {', '.join(there) or 'none'}",
            next_step="leave --kernel-set out for the board's own choice",
        )
    return KernelSet(chosen)


def compile_model(
    content: bytes,
    board: Board,
    kernels: KernelSet,
    tree: TflmTree,
    workshop: Workshop,
    cache: Path,
    identity: Identity,
    *,
    arena_bytes: int | None = None,
    debug: bool = False,
    progress: Progress = SILENT,
) -> TflmFirmware:
    """The int8 .tflite file `content` for `board`.

    `arena_bytes` sets the arena without measuring; `debug` keeps TFLM's error texts.
    Raises UnsupportedModel, DoesNotFit, and ToolchainError when the arena cannot be measured.
    """
    graph = tflite.read(content, identity.name)
    render.require_int8_edges(graph)
    upstream = Upstream(tree)
    kinds = tuple(sorted({node.op.kind for node in graph.nodes}))
    operators = [upstream.operator(kind) for kind in kinds]
    registered = [render.registered(graph, operator) for operator in operators]
    library = (
        assemble(upstream, operators, kernels, debug=debug)
        if board.engines.tflm_from is TflmFrom.SOURCES
        else bundled(board)
    )
    planned = offline.with_plan(content, graph)
    core = probe.emulated_core(board)
    trial = probe.project(
        workshop,
        core,
        render.data_files(workshop.render, registered, planned.content, planned.original, identity),
        _emulated(upstream, operators, kernels),
        planned.original,
        kernels,
    )
    measured = probe.recall(trial, cache)
    if measured is None and arena_bytes is None:
        progress.stage("Finding the smallest arena")
        measured = probe.measure(workshop, core, trial, cache)
    chosen = arena.choose(board, core, measured, arena_bytes)
    embedded, original = (content, 0)
    if chosen.offline_plan:
        embedded, original = planned.content, planned.original
    texts = render.model_files(
        workshop.render, graph, registered, embedded, original, chosen, identity
    )
    files = {
        **library.files,
        **probe.glue_files(board, kernels),
        **{f"src/model/{name}": text.encode() for name, text in texts.items()},
    }
    return TflmFirmware(
        files=dict(sorted(files.items())),
        build_flags=library.build_flags,
        options=library.options,
        arena=chosen,
        graph=graph,
        operators=kinds,
        model_bytes=len(embedded),
    )


def _emulated(upstream: Upstream, operators: Sequence[Operator], kernels: KernelSet) -> Library:
    """The library that an emulated core runs to size the arena."""
    runs = scratch.EMULATED.get(kernels, kernels)
    library = assemble(upstream, operators, runs)
    return library if runs is kernels else scratch.with_scratch_of(upstream, library, kernels)
