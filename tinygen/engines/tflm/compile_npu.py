"""A .tflite file that Vela rewrote for an Ethos-U, with the interpreter and Arm's driver."""

from __future__ import annotations

from pathlib import Path

from tinygen.boards import Board
from tinygen.boards.fit import Needs, fit
from tinygen.engines.tflm import arena, npu, probe, render
from tinygen.engines.tflm.compile import TflmFirmware
from tinygen.engines.tflm.kernel_sets import KernelSet, refused
from tinygen.engines.tflm.library import Library, assemble
from tinygen.engines.tflm.scratch import EMULATED
from tinygen.engines.tflm.source import TflmTree
from tinygen.engines.tflm.upstream import Upstream
from tinygen.errors import ToolchainError
from tinygen.ir import Int8Model, input_edges
from tinygen.options import BuildOptions
from tinygen.templates import Identity


def compile_for_npu(
    model: Int8Model,
    board: Board,
    kernels: KernelSet,
    tree: TflmTree,
    cache: Path,
    identity: Identity,
    options: BuildOptions,
    name: str,
) -> TflmFirmware:
    """What `compile_model` gives, for the NPU `name` of the board.

    The arena is the smallest that the interpreter allocates in, in the emulated core that has no
    NPU: nothing is computed there. Raises what `compile_model` does.
    """
    options.progress.stage(f"Compiling for {name} with Vela")
    graph, made = npu.rewritten(model, board, name)
    fit(board, Needs(len(made.content), None, "what Vela wrote")).require()
    upstream = Upstream(tree)
    kinds = npu.kinds(made.file)
    left = [upstream.operator(kind) for kind in kinds]
    registered = [render.Registered(one.method, "", "") for one in (*left, npu.ETHOS_U)]
    plain = frozenset(
        upstream.kernel_source(upstream.operator(kind)) for kind in refused(graph) & {*kinds}
    )

    def library(of: KernelSet) -> Library:
        others = (npu.KERNEL,)
        bare = assemble(upstream, left, of, plain=plain, others=others, debug=options.debug)
        return npu.with_driver(bare, upstream, board, name)

    core = probe.emulated_core(board)
    data = render.data_files(registered, made.content, 0, identity)
    runs = EMULATED.get(kernels, kernels)
    trial = probe.project(core, data, input_edges(graph), library(runs), 0, runs, identity)
    store = None if options.no_cache else probe.store(cache)
    measured = probe.recall(trial, store)
    if measured is None and options.arena is None:
        if missing := probe.missing(core):
            raise ToolchainError(
                missing.what,
                why="the arena of a model for an NPU is found by allocating it on an emulated core",
                next_step=f"{missing.next_step}; or --arena BYTES",
            ) from missing
        measured = probe.measure(core, trial, store, options, runs=False)
    chosen = arena.choose(board, core, measured, options.arena)
    texts = render.model_files(
        graph, registered, made.content, 0, chosen, identity, npu=bool(made.streams)
    )
    whole = library(kernels)
    files = {
        **whole.files,
        **probe.glue_files(board, kernels),
        **{path: text.encode() for path, text in texts.items()},
    }
    return TflmFirmware(
        files=dict(sorted(files.items())),
        build_flags=whole.build_flags,
        scripts=whole.scripts,
        arena=chosen,
        graph=graph,
        operators=tuple(sorted({*kinds, npu.ETHOS_U.kind})),
        model_bytes=len(made.content),
        npu=made,
    )
