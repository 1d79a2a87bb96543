"""Whether a compiled program has room on a board, before anything is built."""

from __future__ import annotations

from tinygen.boards import ArenaPlace, Board
from tinygen.boards.fit import Shortage, arena_shortage, does_not_fit, place_arena
from tinygen.engines.aot.program import Program


def place_program(program: Program, board: Board) -> ArenaPlace:
    """Where the arena lies; DoesNotFit when it or the constants alone are more than there is."""
    constants, arena = program.constant_bytes, program.plan.arena_bytes
    helps, short = [], []
    if board.arena_place(arena) is None:
        short.append(arena_shortage(board, arena))
        helps += _smaller_peak(program)
    flash, reach = board.memory.flash.bytes, board.memory.constants_bytes
    if constants > flash:
        short.append(Shortage("flash", constants, flash, "the weights' share"))
    elif reach is not None and constants > reach:
        remark = f"the core reads constants from the lower {reach:,} bytes"
        short.append(Shortage("flash", constants, reach, "the weights' share", remark))
    if constants > min(flash, reach or flash):
        helps.append("fewer channels in the last layers, where most weights are")
    if short:
        raise does_not_fit(board, "the model", short, helps)
    return place_arena(board, arena)


def _smaller_peak(program: Program) -> list[str]:
    """What would make the arena smaller."""
    if not program.layers:
        return []
    layer = max(program.layers, key=lambda layer: program.plan.live_bytes[layer.index])
    return [
        f"the arena's peak is at {layer.node.op.kind} '{layer.title}': "
        "a smaller input or fewer channels there"
    ]
