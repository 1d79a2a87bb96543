"""Whether a board has room: the one place that says what is needed, what there is, what helps.

Before a build a model's `Needs` are known, and `fit` judges them; after it those of the whole
firmware, and `firmware_shortages` does.
"""

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


@dataclass(frozen=True)
class Needs:
    """What a model takes of a board by one engine, as far as that is known before a build. Bytes.

    `constants` lie in flash and are called `subject`; the code comes on top. `arena` is None where
    only a build finds it, and with a margin where it is `estimated`.
    """

    constants: int
    arena: int | None
    subject: str = "the weights' share"
    estimated: bool = False
    """Whether a build may find that a smaller arena does; a larger one is not needed."""


@dataclass(frozen=True)
class Fit:
    """A board's answer to a model's needs."""

    board: Board
    needs: Needs
    shortages: tuple[Shortage, ...]

    @property
    def fits(self) -> bool | None:
        """Whether there is room; None where that is not known before a build."""
        if self.shortages:
            return False
        arena = self.needs.arena
        return None if arena is None or self.board.arena_place(arena) is None else True

    def require(self, helps: Iterable[str] = ()) -> None:
        """DoesNotFit unless there is room."""
        if self.shortages:
            raise does_not_fit(self.board, "the model", self.shortages, helps)


def fit(board: Board, needs: Needs) -> Fit:
    """Whether the board has room for the model, and what it lacks."""
    short = []
    arena = None if needs.estimated else needs.arena
    if arena is not None and board.arena_place(arena) is None:
        short.append(arena_shortage(board, arena))
    if needs.constants > constants_room(board):
        reach, remark = board.memory.constants_bytes, ""
        if reach is not None and needs.constants <= board.memory.flash.bytes:
            remark = f"the core reads constants from the lower {reach:,} bytes"
        room = constants_room(board) if remark else board.memory.flash.bytes
        short.append(Shortage("flash", needs.constants, room, needs.subject, remark))
    return Fit(board, needs, tuple(short))


def constants_room(board: Board) -> int:
    """Bytes of flash that constants may take."""
    flash, reach = board.memory.flash.bytes, board.memory.constants_bytes
    return flash if reach is None else min(flash, reach)


def firmware_shortages(board: Board, flash: int, ram: int) -> list[Shortage]:
    """What the board lacks for a whole firmware of so many bytes, its stack among the RAM's."""
    both = (("flash", flash, board.memory.flash.bytes), ("RAM", ram, board.memory.ram.bytes))
    return [Shortage(name, needs, has) for name, needs, has in both if needs > has]


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
    wanted = {shortage.memory: shortage.needs for shortage in shortages}
    flash = wanted.get("flash", constants_room(board))
    ram = wanted.get("RAM", largest_room(board))
    for other in all_boards():
        if type(other.device) is type(board.device) and fit(other, Needs(flash, ram)).fits:
            yield other


def largest_room(board: Board) -> int:
    """The most bytes that an arena may have."""
    return max(room for _, room in board.arena_rooms)


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
    fit(board, Needs(0, arena)).require()
    place = board.arena_place(arena)
    assert place is not None  # it has room
    return place
