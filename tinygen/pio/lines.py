"""Which line of which source an address of a linked firmware is, by its debug information."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from elftools.common.exceptions import DWARFError, ELFError
from elftools.elf.elffile import ELFFile

from tinygen.errors import ToolchainError

_FILES_FROM_ZERO = 5
"""The version of DWARF from which on files are counted from 0."""


def line_at(elf: Path, address: int) -> str | None:
    """`model.c:42`, the source line that `address` was compiled of; None where the firmware does
    not say. ToolchainError if the file cannot be read."""
    try:
        with elf.open("rb") as file:
            program = ELFFile(file)
            if not program.has_dwarf_info():
                return None
            units = program.get_dwarf_info().iter_CUs()
            return next((found for unit in units if (found := _in_unit(unit, address))), None)
    except (DWARFError, KeyError, IndexError, NotImplementedError):  # of a form nobody reads
        return None
    except (OSError, ELFError) as error:
        raise ToolchainError(
            f"the firmware {elf} cannot be read", why=str(error), next_step="build it again"
        ) from error


def _in_unit(unit: Any, address: int) -> str | None:
    lines = unit.dwarfinfo.line_program_for_CU(unit)
    if lines is None:
        return None
    for begin, end in _ranges(lines):
        if begin.address <= address < end.address:
            files = lines["file_entry"]
            entry = files[begin.file - (lines["version"] < _FILES_FROM_ZERO)]
            name = entry.name.decode("utf-8", "replace")
            return f"{PurePosixPath(name).name}:{begin.line}"
    return None


def _ranges(lines: Any) -> Iterator[tuple[Any, Any]]:
    """A state of the line program and the next one: what is between them is of the first's line."""
    before = None
    for entry in lines.get_entries():
        if entry.state is None:
            continue
        if before is not None:
            yield before, entry.state
        before = None if entry.state.end_sequence else entry.state
