"""What a model takes of a board, estimated before anything is rendered or built."""

from __future__ import annotations

from dataclasses import dataclass

from tinygen.boards import Board
from tinygen.boards.fit import fit
from tinygen.engines.aot.best import best_program
from tinygen.engines.aot.fit import needs
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import kernel_sets, named
from tinygen.engines.aot.optimized import optimized
from tinygen.ir import Int8Model


@dataclass(frozen=True)
class Price:
    """Bytes, and instructions of one inference; `flash` is of layers alone, their code and their
    constants, `ram` that of the arena and of constants that are read from RAM."""

    flash: int
    constants: int
    arena: int
    ram: int
    instructions: int
    cycles: int


def price(model: Int8Model, board: Board, optimize: str) -> Price:
    """Of the program that is built for the board, or the smallest where none fits."""
    graph, sets = optimized(model), named(kernel_sets(board))
    for goal in Goal(optimize).tried:
        program = best_program(graph, sets, goal, board.core)
        needed = needs(program)
        if fit(board, needed).fits:
            break
    estimate = program.estimate
    assert needed.arena is not None
    return Price(
        flash=max(estimate.flash, needed.constants),
        constants=needed.constants,
        arena=program.plan.arena_bytes,
        ram=needed.arena,
        instructions=estimate.instructions,
        cycles=estimate.cycles,
    )
