"""Whether a board has room: the one place that says what is needed, what there is, what helps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinygen.boards import ArenaPlace, Board, all_boards
from tinygen.errors import DoesNotFit


@dataclass(frozen=True)
class Shortage:
    """A memory of the board, `flash` or `RAM`, that is too small. Bytes."""

    memory: str
    needs: int
    has: int
    subject: str = ""
    """What needs it, where that is not the whole firmware: `the arena`, say."""
    remark: str = ""
    """More about what there is."""

    @property
    def text(self) -> str:
        """In one line."""
        subject = f"{self.subject} " if self.subject else ""
        remark = f" ({self.remark})" if self.remark else ""
        return (
            f"{self.memory}: {subject}needs {self.needs:,} bytes, has {self.has:,}, "
            f"{self.needs - self.has:,} too many{remark}"
        )


def does_not_fit(
    board: Board,
    subject: str,
    shortages: Sequence[Shortage],
    helps: Iterable[str] = (),
    detail: str = "",
) -> DoesNotFit:
    """The error for `subject`, the model or the firmware, that is too large for the board.

    `helps` are ways out that suit the model better than those that suit any.
    """
    short = " and ".join(dict.fromkeys(shortage.memory for shortage in shortages))
    larger = next((f", such as --board {b.id}" for b in _larger(board, shortages)), "")
    return DoesNotFit(
        f"{subject} does not fit {board.id}",
        why="\n".join([*(shortage.text for shortage in shortages), *([detail] if detail else [])]),
        next_step="\n".join([*helps, f"use a board with more {short}{larger}"]),
    )


def _larger(board: Board, shortages: Sequence[Shortage]) -> Iterable[Board]:
    """Boards like this one, on a desk or in an emulator, with what is missing and no less else."""
    flash = max((s.needs for s in shortages if s.memory == "flash"), default=0)
    ram = max((s.needs for s in shortages if s.memory == "RAM"), default=0)
    for other in all_boards():
        rooms = max(room for _, room in other.arena_rooms) if ram else 0
        if other.kind is board.kind and other.memory.flash.bytes >= flash and rooms >= ram:
            yield other


def arena_shortage(board: Board, arena: int) -> Shortage:
    """What an arena of so many bytes lacks on a board that has no room for it."""
    place, room = max(board.arena_rooms, key=lambda place_and_room: place_and_room[1])
    remark = {
        ArenaPlace.STATIC: f"{board.memory.ram.bytes:,} less {board.stack_bytes:,} for the stack",
        ArenaPlace.HEAP: "the largest block of the heap",
        ArenaPlace.EXTERNAL: "the RAM outside of the chip",
    }[place]
    return Shortage("RAM", arena, room, "the arena", remark)


def place_arena(board: Board, arena: int) -> ArenaPlace:
    """Where an arena of so many bytes lies; DoesNotFit when the board has no room for it."""
    place = board.arena_place(arena)
    if place is None:
        raise does_not_fit(board, "the model", [arena_shortage(board, arena)])
    return place
