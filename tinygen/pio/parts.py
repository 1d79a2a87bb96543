"""What of a firmware's flash is the model's weights, its kernels, the protocol, the framework."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tinygen.errors import ToolchainError

WEIGHTS = "weights and tables"
KERNELS = "kernels"
INTERPRETER = "interpreter"
PROTOCOL = "protocol"
PROGRAM = "board and program"
FRAMEWORK = "framework and C library"
OTHER = "linker's tables, padding"

PARTS = (WEIGHTS, KERNELS, INTERPRETER, PROTOCOL, PROGRAM, FRAMEWORK, OTHER)
"""In the order in which they are shown."""


@dataclass(frozen=True)
class Part:
    """Bytes of flash that are one thing's."""

    name: str
    bytes: int


def flash_parts(elf: Path, total: int) -> tuple[Part, ...] | None:
    """The `total` bytes of flash of the linked firmware, part by part; parts of nothing are left
    out. Each symbol belongs to who defines it, by the objects beside the ELF file; None where those
    are gone. ToolchainError if a file cannot be read."""
    whose = dict(_definitions(elf.parent))
    if not whose:
        return None
    try:
        taken = dict.fromkeys(PARTS, 0)
        seen: set[tuple[int, int]] = set()
        for name, is_code, address, size in _in_flash(elf):
            if (address, size) not in seen:  # a weak symbol and its alias are the same bytes
                seen.add((address, size))
                taken[_part(whose.get(name.split(".")[0]), is_code)] += size
    except (OSError, ELFError) as error:
        raise ToolchainError(
            f"the firmware {elf} cannot be read", why=str(error), next_step="build it again"
        ) from error
    taken[OTHER] = max(0, total - sum(taken.values()))
    return tuple(Part(name, size) for name, size in taken.items() if size)


def _part(owner: str | None, is_code: bool) -> str:
    if owner is None:
        return FRAMEWORK
    if owner == KERNELS and not is_code:
        return WEIGHTS
    return owner


def _in_flash(elf: Path) -> Iterator[tuple[str, bool, int, int]]:
    """Name, whether it is code, address and size of each symbol that takes flash."""
    with elf.open("rb") as content:
        file = ELFFile(content)
        stored = {
            index
            for index, section in enumerate(file.iter_sections())
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_type"] != "SHT_NOBITS"
        }
        for table in file.iter_sections():
            if not isinstance(table, SymbolTableSection):
                continue
            for symbol in table.iter_symbols():
                kind = symbol["st_info"]["type"]
                if symbol["st_shndx"] in stored and kind in ("STT_FUNC", "STT_OBJECT"):
                    yield symbol.name, kind == "STT_FUNC", symbol["st_value"], symbol["st_size"]


def _definitions(folder: Path) -> Iterator[tuple[str, str]]:
    """Who defines a symbol, of all objects of the project's own."""
    for file in sorted(folder.rglob("*.o")):
        owner = _owner(file.relative_to(folder))
        if owner is None:
            continue
        try:
            with file.open("rb") as content:
                for table in ELFFile(content).iter_sections():
                    if isinstance(table, SymbolTableSection):
                        for symbol in table.iter_symbols():
                            if isinstance(symbol["st_shndx"], int) and symbol["st_size"]:
                                yield symbol.name.split(".")[0], owner
        except (OSError, ELFError):
            continue  # another build is at work, or it is no object of a linker's


def _owner(path: PurePosixPath | Path) -> str | None:
    """Whose an object is, by its place: `lib5e1/model/model.c.o`, `src/protocol/tg_frame.c.o`."""
    first, *rest = path.parts
    if first.startswith("lib"):
        return {"model": KERNELS, "tflm": INTERPRETER}.get(rest[0]) if rest else None
    if first != "src":
        return None
    return {"protocol": PROTOCOL, "tflm": INTERPRETER}.get(rest[0], PROGRAM)
