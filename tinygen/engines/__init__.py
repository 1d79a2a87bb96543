"""The engines: each makes a board's model sources of a graph."""

from __future__ import annotations

from collections.abc import Mapping

from tinygen.boards import Board
from tinygen.engines.aot import Aot
from tinygen.engines.engine import Engine, Estimate, Job, LayerKernel, Made, NotTaken
from tinygen.engines.tflm import Tflm
from tinygen.errors import InputError

__all__ = [
    "ENGINES",
    "Engine",
    "Estimate",
    "Job",
    "LayerKernel",
    "Made",
    "NotTaken",
    "choose_engine",
    "kernel_sets",
]

ENGINES: Mapping[str, Engine] = {engine.name: engine for engine in (Aot(), Tflm())}
"""Every engine, by its name."""


def kernel_sets(board: Board) -> dict[str, tuple[str, ...]]:
    """The kernel sets there are on the board, of each of its engines: the default one first."""
    default = board.engines.default
    names = (default, *(name for name in board.engines.available if name != default))
    return {name: ENGINES[name].kernel_sets(board) for name in names}


def choose_engine(board: Board, engine: str | None) -> Engine:
    """The engine asked for, or the board's own; InputError when it does not run there."""
    chosen = engine or board.engines.default
    if chosen not in board.engines.available or chosen not in ENGINES:
        raise InputError(
            f"the engine {chosen} does not run on {board.id}",
            why=f"engines there: {', '.join(board.engines.available)}",
            next_step=f"--engine {board.engines.default}",
        )
    return ENGINES[chosen]
