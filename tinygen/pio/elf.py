"""How much flash and RAM a linked firmware takes, and whether its board has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import Symbol, SymbolTableSection

from tinygen.boards import Board, Memories
from tinygen.boards.fit import does_not_fit, firmware_shortages
from tinygen.errors import ToolchainError

ARENA_SYMBOL = "model_arena"
BUILD_ID_SYMBOL = "tg_build_id"
COMPILER_SYMBOL = "tg_compiler"

STACK_SECTIONS = (".stack", "._user_heap_stack")
"""What a linker script keeps for the stack: ours, and stm32duino's."""

T = TypeVar("T")

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


@dataclass(frozen=True)
class Stamp:
    """Which firmware an ELF file is: its build id in hexadecimal, the version of its compiler."""

    build_id: str
    compiler: str


def stamp(elf: Path) -> Stamp | None:
    """What the linked firmware `elf` says that it is; None where it says nothing, as that of an
    older tinygen. ToolchainError if it cannot be read.
    """
    return _read(elf, _stamp)


def sizes(
    elf: Path, memory: Memories | None = None, arenas: Sequence[str] = (ARENA_SYMBOL,)
) -> Sizes:
    """The sizes of the linked firmware `elf`; ToolchainError if it cannot be read.

    `memory` is the board's: it says which sections take RAM, where that is not just what is
    writable. `arenas` are the symbols of the models' memory.
    """
    return _read(elf, lambda file: _sizes(file, memory, arenas))


def function_at(elf: Path, address: int) -> str | None:
    """The name of the function that holds `address`; None where there is none. ToolchainError if
    the file cannot be read."""

    def look(file: ELFFile) -> str | None:
        for table in file.iter_sections():
            if isinstance(table, SymbolTableSection):
                for symbol in table.iter_symbols():
                    start = symbol["st_value"] & ~1  # of Thumb code, the lowest bit is a mark
                    is_function = symbol["st_info"]["type"] == "STT_FUNC"
                    if is_function and start <= address < start + symbol["st_size"]:
                        return str(symbol.name)
        return None

    return _read(elf, look)


def function_sizes(elf: Path) -> dict[str, int]:
    """Bytes of code of each function, by its name; what GCC made of one for its callers counts
    with it. ToolchainError if the file cannot be read."""

    def look(file: ELFFile) -> dict[str, int]:
        found: dict[str, int] = {}
        for table in file.iter_sections():
            if isinstance(table, SymbolTableSection):
                for symbol in table.iter_symbols():
                    if symbol["st_info"]["type"] == "STT_FUNC":
                        name = symbol.name.split(".")[0]
                        found[name] = found.get(name, 0) + symbol["st_size"]
        return found

    return _read(elf, look)


def _read(elf: Path, look: Callable[[ELFFile], T]) -> T:
    try:
        with elf.open("rb") as file:
            return look(ELFFile(file))
    except (OSError, ELFError) as error:
        raise ToolchainError(
            f"the firmware {elf} cannot be read",
            why=str(error),
            next_step="build it again",
        ) from error


def _sizes(elf: ELFFile, memory: Memories | None, arenas: Sequence[str]) -> Sizes:
    ram_sections = memory.ram_sections if memory else ()
    code = memory.ram_code if memory else None
    flash = ram = code_bytes = stack = 0
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
    arena = sum(
        max((symbol["st_size"] for symbol in _symbols(elf, name)), default=0) for name in arenas
    )
    return Sizes(flash=flash, ram_static=ram - arena, arena=arena, stack=stack)


def _symbols(elf: ELFFile, name: str) -> Iterator[Symbol]:
    """Every symbol of that name. Optimizing the whole program at once, GCC numbers them:
    model_arena.lto_priv.0."""
    for table in elf.iter_sections():
        if isinstance(table, SymbolTableSection):
            yield from (s for s in table.iter_symbols() if s.name.split(".")[0] == name)


def _stamp(elf: ELFFile) -> Stamp | None:
    build_id, compiler = _content(elf, BUILD_ID_SYMBOL), _content(elf, COMPILER_SYMBOL)
    if build_id is None or compiler is None:
        return None
    return Stamp(build_id.hex(), compiler.rstrip(b"\0").decode("utf-8", "replace"))


def _content(elf: ELFFile, name: str) -> bytes | None:
    """The bytes of a constant of the program."""
    for symbol in _symbols(elf, name):
        if isinstance(symbol["st_shndx"], int):
            section = elf.get_section(symbol["st_shndx"])
            start = symbol["st_value"] - section["sh_addr"]
            return bytes(section.data()[start : start + symbol["st_size"]])
    return None


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
