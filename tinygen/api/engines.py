"""The engines: each makes a board's model sources of a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tinygen import emit, sources
from tinygen.api import tflm
from tinygen.api.job import Job, Made
from tinygen.api.room import constant_bytes, require_room
from tinygen.boards import Board, Port
from tinygen.engines import aot
from tinygen.engines.aot.kernel_sets import KERNEL_SETS
from tinygen.errors import InputError
from tinygen.firmware import LOCAL_PLATFORM, firmware_dir

_BUILD_FLAGS = ("-fno-tree-reassoc",)
"""GCC would regroup the sums of dot products, which costs registers: 5 to 8 % more instructions on
a Cortex-M4."""

_SCRIPT = "src/model/build.py"
"""Compiles the model for speed; with a framework's -Os a Cortex-M4 executes a quarter more."""


def _aot(job: Job) -> Made:
    if job.arena_bytes is not None:
        raise InputError(
            "the engine aot has no arena to choose",
            why="its memory plan is exact",
            next_step="leave --arena out",
        )
    written = {kernel_set.name for kernel_set in KERNEL_SETS}
    sets = tuple(name for name in job.board.engines.kernel_sets if name in written)
    if job.kernel_set is not None:
        if job.kernel_set not in sets:
            raise _no_kernel_set(job, sets)
        sets = tuple(dict.fromkeys((job.kernel_set, "portable")))
    program = aot.compile_graph(job.graph, sets)
    require_room(program, job.board)
    model = emit.model_files(program, job.identity)
    # Our own platform compiles everything for speed; ESP-IDF has a setting for it.
    board = job.board
    script = board.platformio.platform != LOCAL_PLATFORM and board.port is not Port.ESP_IDF
    return Made(
        files={
            **sources.kernel_files(program.kernels),
            **({_SCRIPT: (firmware_dir() / "aot" / "build.py").read_bytes()} if script else {}),
            **{f"src/model/{name}": text.encode() for name, text in model.items()},
        },
        kernel_set="+".join(dict.fromkeys(layer.kernel_set for layer in program.layers)),
        layers=len(program.layers),
        macs=program.macs,
        constant_bytes=constant_bytes(program),
        arena_bytes=program.plan.arena_bytes,
        arena_minimum_bytes=program.plan.minimum_bytes,
        build_flags=_BUILD_FLAGS,
        options=(("extra_scripts", f"pre:{_SCRIPT}"),) if script else (),
    )


ENGINES: Mapping[str, Callable[[Job], Made]] = {"aot": _aot, "tflm": tflm.make}
"""Every engine, by its name."""


def choose_engine(board: Board, engine: str | None) -> str:
    """The engine asked for, or the board's own; InputError when it does not run there."""
    chosen = engine or board.engines.default
    if chosen not in board.engines.available or chosen not in ENGINES:
        raise InputError(
            f"the engine {chosen} does not run on {board.id}",
            why=f"engines there: {', '.join(board.engines.available)}",
            next_step=f"--engine {board.engines.default}",
        )
    return chosen


def _no_kernel_set(job: Job, sets: tuple[str, ...]) -> InputError:
    return InputError(
        f"{job.board.id} has no kernel set {job.kernel_set} for the engine {job.identity.engine}",
        why=f"kernel sets there: {', '.join(sets)}",
        next_step="leave --kernel-set out for the board's own choice",
    )
