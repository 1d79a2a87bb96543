"""What a firmware says when it crashes, in words: where in the program, and what went wrong.

The words are those of firmware/hal, `tg_fault: pc 0x00000c3e lr 0x00000a11 cfsr 0x00008200 ...`,
or those of Espressif's panic handler, `Guru Meditation Error: Core  1 panic'ed (LoadProhibited).`
and a dump of registers after it.
"""

from __future__ import annotations

import re
from pathlib import Path

from tinygen.errors import ToolchainError
from tinygen.pio import elf
from tinygen.pio.lines import line_at

_FAULT = re.compile(r"tg_fault: pc 0x(?P<pc>[0-9a-f]{8})(?P<rest>(?: [a-z]+ 0x[0-9a-f]{8})*)")
_VALUE = re.compile(r" ([a-z]+) 0x([0-9a-f]{8})")

_CALLS = 6
"""Of a backtrace that are told."""

_CFSR = {
    0: "it ran code where no code may be",
    1: "it read or wrote where it may not",
    3: "the stack could not be read",
    4: "the stack could not be written",
    8: "it ran code where there is no memory",
    9: "it read or wrote where there is no memory",
    10: "it wrote where there is no memory, somewhat earlier",
    11: "the stack could not be read",
    12: "the stack could not be written",
    16: "it met an instruction that the core does not have",
    17: "it jumped to code of another kind",
    18: "it returned in a way that cannot be",
    19: "it used a coprocessor that is off or missing",
    20: "the stack overflowed",
    24: "it read or wrote at an address that is not aligned",
    25: "it divided by zero",
}
"""Bits of the Configurable Fault Status Register of Armv7-M and Armv8-M."""

_CAUSES = {
    0: "it jumped to an address that is not aligned",
    1: "it ran code where there is no memory",
    2: "it met an instruction that the core does not have",
    4: "it read at an address that is not aligned",
    5: "it read where there is no memory",
    6: "it wrote at an address that is not aligned",
    7: "it wrote where there is no memory",
}
"""RISC-V's mcause."""


_PANIC = re.compile(r"Guru Meditation Error: Core +\d+ panic'ed \((?P<cause>[\w ]+)\)")
_REGISTER = re.compile(r"(?:^|(?<= ))(PC|MEPC|EXCVADDR|MTVAL) *: *0x([0-9a-f]{8})", re.MULTILINE)
_BACKTRACE = re.compile(r"0x([0-9a-f]{8}):0x[0-9a-f]{8}")


def explained(text: str, program: Path | None) -> str:
    """The first crash that `text` tells of, in words; empty where it tells of none.

    `program` is the ELF file that the device runs, which knows its functions' names and lines.
    """
    found = _FAULT.search(text)
    if found is None:
        return _panic(text, program)
    values = {name: int(value, 16) for name, value in _VALUE.findall(found["rest"])}
    pc = int(found["pc"], 16)
    said = [f"it crashed at {pc:#x}{_within(program, pc)}"]
    if (lr := values.get("lr")) is not None and (caller := _within(program, lr & ~1)):
        said.append(f"called from {lr & ~1:#x}{caller}")
    said += [what for bit, what in _CFSR.items() if values.get("cfsr", 0) >> bit & 1]
    if (cause := values.get("cause")) is not None:
        said.append(_CAUSES.get(cause, f"cause {cause}"))
    if (address := values.get("address")) is not None:
        said.append(f"the address was {address:#x}")
    return "; ".join(said)


def _panic(text: str, program: Path | None) -> str:
    """Of Espressif's chips: the cause by its name, where, and through which calls."""
    found = _PANIC.search(text)
    if found is None:
        return ""
    after = text[found.end() :]
    values = {name: int(value, 16) for name, value in reversed(_REGISTER.findall(after))}
    said = [f"it crashed: {found['cause']}"]
    pc = values.get("PC", values.get("MEPC"))
    if pc is not None:
        said[0] += f", at {pc:#x}{_within(program, pc)}"
    line = re.search(r"Backtrace: *(.*)", after)
    calls = [int(address, 16) for address in _BACKTRACE.findall(line[1])] if line else []
    callers = [_within(program, call) for call in calls[1:_CALLS]]
    said += [f"called{caller}" for caller in callers if caller]
    address = values.get("EXCVADDR", values.get("MTVAL"))
    if address is not None:
        said.append(f"the address was {address:#x}")
    return "; ".join(said)


def _within(program: Path | None, address: int) -> str:
    if program is None:
        return ""
    try:
        name = elf.function_at(program, address)
        line = line_at(program, address)
    except ToolchainError:
        return ""
    if name and line:
        return f", in {name} ({line})"
    return f", in {name or line}" if name or line else ""
