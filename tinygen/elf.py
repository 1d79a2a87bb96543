"""How much flash and RAM a linked firmware takes, and whether its board has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tinygen.boards import Board
from tinygen.errors import ToolchainError
from tinygen.room import Shortage, does_not_fit

ARENA_SYMBOL = "model_arena"
STACK_SECTION = ".stack"

FIRMWARE_HELPS = (
    "a smaller model: fewer or narrower layers for flash, a smaller input or narrower first "
    "layers for RAM",
)


@dataclass(frozen=True)
class Sizes:
    """Bytes a firmware takes.

    `flash` holds code, constants and the initial values of variables. RAM is the sum of
    `ram_static` (variables without the arena), `arena` and `stack` (what the linker keeps for it;
    0 where the board's framework places the stack elsewhere).
    """

    flash: int
    ram_static: int
    arena: int
    stack: int

    @property
    def ram(self) -> int:
        """All RAM that is spoken for, in bytes."""
        return self.ram_static + self.arena + self.stack


def sizes(elf: Path, ram_sections: Sequence[str] = ()) -> Sizes:
    """The sizes of the linked firmware `elf`; ToolchainError if it cannot be read.

    `ram_sections` names the sections that take RAM, where that is not just what is writable.
    """
    try:
        with elf.open("rb") as file:
            return _sizes(ELFFile(file), ram_sections)
    except (OSError, ELFError) as error:
        raise ToolchainError(
            f"the firmware {elf} cannot be read",
            why=str(error),
            next_step="build it again",
        ) from error


def _sizes(elf: ELFFile, ram_sections: Sequence[str]) -> Sizes:
    flash = ram = stack = arena = 0
    for section in elf.iter_sections():
        flags, size = section["sh_flags"], section["sh_size"]
        if not flags & SH_FLAGS.SHF_ALLOC:
            continue
        # Initialised variables count twice: their initial values wait in flash.
        if section["sh_type"] != "SHT_NOBITS":
            flash += size
        if section.name == STACK_SECTION:
            stack += size
        elif section.name in ram_sections if ram_sections else flags & SH_FLAGS.SHF_WRITE:
            ram += size
    for table in elf.iter_sections():
        if isinstance(table, SymbolTableSection):
            for symbol in table.get_symbol_by_name(ARENA_SYMBOL) or ():
                arena = max(arena, symbol["st_size"])
    return Sizes(flash=flash, ram_static=ram - arena, arena=arena, stack=stack)


def check_fit(sizes: Sizes, board: Board) -> None:
    """Raise DoesNotFit, with the numbers, if the firmware is larger than the board."""
    # Where the linker keeps nothing for the stack, the board says what has to be left.
    stack = sizes.stack or board.stack_bytes
    ram = sizes.ram - sizes.stack + stack
    short, detail = [], ""
    if sizes.flash > board.memory.flash.bytes:
        short.append(Shortage("flash", sizes.flash, board.memory.flash.bytes))
    if ram > board.memory.ram.bytes:
        short.append(Shortage("RAM", ram, board.memory.ram.bytes))
        detail = (
            f"RAM is arena {sizes.arena:,} + variables {sizes.ram_static:,} + stack {stack:,} bytes"
        )
    if short:
        raise does_not_fit(board, "the firmware", short, FIRMWARE_HELPS, detail)
