"""How much flash and RAM a linked firmware takes, and whether its board has them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tinygen.boards import Board, Memories
from tinygen.boards.fit import does_not_fit, firmware_shortages
from tinygen.errors import ToolchainError

ARENA_SYMBOL = "model_arena"

STACK_SECTIONS = (".stack", "._user_heap_stack")
"""What a linker script keeps for the stack: ours, and stm32duino's."""

FIRMWARE_HELPS = (
    "a smaller model: fewer or narrower layers for flash, a smaller input or narrower first "
    "layers for RAM",
)


@dataclass(frozen=True)
class Sizes:
    """Bytes a firmware takes.

    `flash` holds code, constants and the initial values of variables. RAM is the sum of
    `ram_static` (variables without the arena, and code that runs from RAM), `arena` and `stack`
    (what the linker keeps for it; 0 where the board's framework places the stack elsewhere).
    """

    flash: int
    ram_static: int
    arena: int
    stack: int

    @property
    def ram(self) -> int:
        """All RAM that is spoken for, in bytes."""
        return self.ram_static + self.arena + self.stack


def sizes(elf: Path, memory: Memories | None = None) -> Sizes:
    """The sizes of the linked firmware `elf`; ToolchainError if it cannot be read.

    `memory` is the board's: it says which sections take RAM, where that is not just what is
    writable.
    """
    try:
        with elf.open("rb") as file:
            return _sizes(ELFFile(file), memory)
    except (OSError, ELFError) as error:
        raise ToolchainError(
            f"the firmware {elf} cannot be read",
            why=str(error),
            next_step="build it again",
        ) from error


def _sizes(elf: ELFFile, memory: Memories | None) -> Sizes:
    ram_sections = memory.ram_sections if memory else ()
    code = memory.ram_code if memory else None
    flash = ram = code_bytes = stack = arena = 0
    for section in elf.iter_sections():
        flags, size = section["sh_flags"], section["sh_size"]
        if not flags & SH_FLAGS.SHF_ALLOC:
            continue
        # Initialised variables count twice: their initial values wait in flash.
        if section["sh_type"] != "SHT_NOBITS":
            flash += size
        if section.name in STACK_SECTIONS:
            stack += size
        elif section.name in ram_sections if ram_sections else flags & SH_FLAGS.SHF_WRITE:
            ram += size
        elif code and section.name in code.sections:
            code_bytes += size
    if code:
        ram += -(-code_bytes // code.block_bytes) * code.block_bytes
    for table in elf.iter_sections():
        if isinstance(table, SymbolTableSection):
            for symbol in table.iter_symbols():
                # Optimizing the whole program at once, GCC numbers it: model_arena.lto_priv.0.
                if symbol.name.split(".")[0] == ARENA_SYMBOL:
                    arena = max(arena, symbol["st_size"])
    return Sizes(flash=flash, ram_static=ram - arena, arena=arena, stack=stack)


def check_fit(sizes: Sizes, board: Board) -> None:
    """Raise DoesNotFit, with the numbers, if the firmware is larger than the board."""
    # Where the linker keeps nothing or less for the stack, the board says what has to be left.
    stack = max(sizes.stack, board.stack_bytes)
    ram = sizes.ram - sizes.stack + stack
    short = firmware_shortages(board, sizes.flash, ram)
    detail = ""
    if any(shortage.memory == "RAM" for shortage in short):
        detail = (
            f"RAM is arena {sizes.arena:,} + variables {sizes.ram_static:,} + stack {stack:,} bytes"
        )
    if short:
        raise does_not_fit(board, "the firmware", short, FIRMWARE_HELPS, detail)
