"""Which instructions a program executes in QEMU while some of its functions do, counted exactly."""

from __future__ import annotations

import re
import shutil
import subprocess
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

_SOURCE = Path(__file__).with_name("blocks.c")
_INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\t(\S+)(?:\t([^;@]*))?")
_CLONE = re.compile(r"[.$](?:constprop|isra)[.$]\d+$")
_held: list[TemporaryDirectory[str]] = []


class Instruction(NamedTuple):
    """As objdump has it: `mnemonic` with its condition, `operands` without comments."""

    mnemonic: str
    operands: str


class Block(NamedTuple):
    """Instructions that QEMU executes one after the other: the addresses of the first and the last,
    how many they are, how many times they executed, and how often what came next was not what lies
    behind them."""

    first: int
    last: int
    size: int
    times: int
    taken: int


class Call(NamedTuple):
    """One call of a function that was asked for."""

    function: str
    blocks: tuple[Block, ...]

    @property
    def instructions(self) -> int:
        """How many were executed."""
        return sum(block.size * block.times for block in self.blocks)


@dataclass(frozen=True, eq=False)
class Program:
    """An ELF file and the toolchain, by its prefix, whose objdump reads it."""

    elf: Path
    toolchain: str

    @cached_property
    def functions(self) -> dict[str, int]:
        """The address of each; several that are the same code have one."""
        command = [f"{self.toolchain}-nm", str(self.elf)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        lines = (line.split() for line in done.stdout.splitlines())
        # What GCC made of a function for its callers has its name and a suffix; an odd address
        # says that the function is Thumb code.
        return {
            _CLONE.sub("", name): int(address, 16) & ~1
            for address, kind, name in (line for line in lines if len(line) == 3)
            if kind in "tTW"
        }

    @cached_property
    def _instructions(self) -> dict[int, Instruction]:
        command = [f"{self.toolchain}-objdump", "-d", "--no-show-raw-insn", str(self.elf)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found = filter(None, map(_INSTRUCTION.match, done.stdout.splitlines()))
        return {int(one[1], 16): Instruction(one[2], (one[3] or "").strip()) for one in found}

    @cached_property
    def _addresses(self) -> list[int]:
        return sorted(self._instructions)

    @cached_property
    def _starts(self) -> list[tuple[int, str]]:
        return sorted((address, name) for name, address in self.functions.items())

    def between(self, first: int, last: int) -> tuple[Instruction, ...]:
        """The instructions from the address `first` to `last`, both included."""
        addresses = self._addresses
        span = addresses[bisect_right(addresses, first - 1) : bisect_right(addresses, last)]
        return tuple(self._instructions[address] for address in span)

    def by_function(self, blocks: Sequence[Block]) -> dict[str, list[Block]]:
        """The blocks by the function that their first instruction lies in."""
        found: dict[str, list[Block]] = defaultdict(list)
        for block in blocks:
            position = bisect_right(self._starts, (block.first, "\x7f"))
            found[self._starts[position - 1][1] if position else "?"].append(block)
        return dict(found)


def missing_tool(emulator: str) -> str | None:
    """What counting takes that is not installed."""
    for tool in (emulator, "gcc"):
        if shutil.which(tool) is None:
            return tool
    said = subprocess.run([emulator, "-help"], capture_output=True, text=True, check=True).stdout
    return None if "-plugin" in said else f"{emulator} with plugins"


def options(
    program: Program, functions: Sequence[str], out: Path, emulator: str = "qemu-system-arm"
) -> tuple[str, ...]:
    """The emulator's, to count calls of the functions into the file `out`."""
    asked = "+".join(f"{program.functions[name]:x}" for name in functions)
    return ("-plugin", f"{_plugin(_interface(emulator))},functions={asked},out={out}")


def calls(program: Program, out: Path) -> list[Call]:
    """The calls in the order in which they began, once QEMU has ended."""
    names = {address: name for name, address in program.functions.items()}
    return [Call(names[address], tuple(blocks)) for address, blocks in _read(out)]


def _read(out: Path) -> Iterator[tuple[int, list[Block]]]:
    found: list[tuple[int, list[Block]]] = []
    for line in out.read_text("ascii").splitlines():
        word, *values = line.split()
        if word == "call":
            found.append((int(values[0], 16), []))
        else:
            first, last, *counts = values
            found[-1][1].append(Block(int(first, 16), int(last, 16), *map(int, counts)))
    yield from found


@cache
def _interface(emulator: str) -> int:
    """The version of QEMU's interface of plugins."""
    said = subprocess.run([emulator, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\d+)", said.stdout)
    return 2 if found is not None and int(found[1]) >= 9 else 1


@cache
def _plugin(interface: int) -> Path:
    """Compiled once for this run and version."""
    held = TemporaryDirectory(prefix="tinygen-counting-")
    _held.append(held)
    built = Path(held.name) / "blocks.so"
    command = [
        "gcc",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-shared",
        "-fPIC",
        f"-DQEMU_INTERFACE={interface}",
    ]
    subprocess.run([*command, str(_SOURCE), "-o", str(built)], check=True)
    return built
