"""Whether a compiled program has room on a board, before anything is built."""

from __future__ import annotations

from tinygen.boards import ArenaPlace, Board
from tinygen.boards.fit import Needs, fit, place_arena
from tinygen.engines.aot.program import Program


def needs(program: Program) -> Needs:
    """What the program takes of a board: both numbers are exact. Constants that are read from RAM
    count with the arena."""
    ram = program.plan.arena_bytes + program.constant_ram_bytes
    return Needs(constants=program.constant_bytes, arena=ram)


def place_program(program: Program, board: Board) -> ArenaPlace:
    """Where the arena lies; DoesNotFit when it or the constants alone are more than there is."""
    needed = needs(program)
    judged = fit(board, needed)
    helps = []
    if any(shortage.memory == "RAM" for shortage in judged.shortages):
        helps += _smaller_peak(program)
    if any(shortage.memory == "flash" for shortage in judged.shortages):
        helps.append("fewer channels in the last layers, where most weights are")
    judged.require(helps)
    assert needed.arena is not None
    return place_arena(board, needed.arena)


def _smaller_peak(program: Program) -> list[str]:
    """What would make the arena smaller."""
    layer = program.peak
    if layer is None:
        return []
    return [
        f"the arena's peak is at {layer.node.op.kind} '{layer.title}': "
        "a smaller input or fewer channels there"
    ]
