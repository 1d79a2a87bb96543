"""A crash's words on the port, in ours: of our firmware and of Espressif's panic handler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tinygen.api.crash import explained
from tinygen.api.monitor import _Crashes
from tinygen.pio.lines import line_at

SOURCE = """\
volatile int kept;
__attribute__((noinline)) int fall_over(int *place) {
  return *place + kept;
}
int main(void) {
  return fall_over((int *)16);
}
"""
PANIC = """\
Guru Meditation Error: Core  1 panic'ed (LoadProhibited). Exception was unhandled.

Core  1 register dump:
PC      : 0x{pc:08x}  PS      : 0x00060730  A0      : 0x800d1b6c  A1      : 0x3ffb2730
EXCVADDR: 0x00000010  LBEG    : 0x4000c349  LEND    : 0x4000c36b  LCOUNT  : 0x00000000

Backtrace: 0x{pc:08x}:0x3ffb2730 0x{caller:08x}:0x3ffb2750

Rebooting...
"""
RISC_V = """\
Guru Meditation Error: Core  0 panic'ed (Load access fault). Exception was unhandled.

Core  0 register dump:
MEPC    : 0x{pc:08x}  RA      : 0x4200730c  SP      : 0x3fc8f3a0  GP      : 0x3fc89600
MSTATUS : 0x00001881  MTVEC   : 0x40380001  MCAUSE  : 0x00000005  MTVAL   : 0x00000010

Stack memory:
3fc8f3a0: 0x00000000 0x00000000
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, int]:
    """A linked program, an address in fall_over and one in main."""
    compiler = shutil.which("arm-none-eabi-gcc")
    if compiler is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    folder = tmp_path_factory.mktemp("crash")
    (folder / "own.c").write_text(SOURCE)
    flags = ["-mcpu=cortex-m4", "-mthumb", "-g", "-O1", "-nostdlib", "-Wl,-e,main"]
    subprocess.run([compiler, *flags, "own.c", "-o", "own.elf"], cwd=folder, check=True)
    named = subprocess.run(
        ["arm-none-eabi-nm", "own.elf"], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    address = {line.split()[2]: int(line.split()[0], 16) for line in named}
    return folder / "own.elf", address["fall_over"], address["main"]


def test_the_line_is_the_sources(program: tuple[Path, int, int]) -> None:
    elf, fall_over, main = program
    assert line_at(elf, fall_over) in ("own.c:2", "own.c:3")
    assert line_at(elf, main) in ("own.c:5", "own.c:6")
    assert line_at(elf, 0x20000000) is None


@pytest.mark.parametrize("words", [PANIC, RISC_V])
def test_a_panic_of_an_esp(words: str, program: tuple[Path, int, int]) -> None:
    elf, pc, caller = program
    text = words.format(pc=pc, caller=caller)
    told = explained(text, elf)
    cause = "LoadProhibited" if words is PANIC else "Load access fault"
    assert told.startswith(f"it crashed: {cause}, at {pc:#x}, in fall_over (own.c:")
    assert told.endswith("the address was 0x10")
    assert ("called, in main (own.c:" in told) == (words is PANIC)
    assert f"at {pc:#x};" in explained(text, None)


def test_monitor_tells_a_crash_once_however_it_comes(program: tuple[Path, int, int]) -> None:
    elf, pc, caller = program
    crashes = _Crashes(elf)
    text = f"hello\n{PANIC.format(pc=pc, caller=caller)}boot\n"
    told = [line for start in range(0, len(text), 7) for line in crashes.told_by(text[start:][:7])]
    assert len(told) == 1
    assert told[0].startswith("tinygen: it crashed: LoadProhibited")
    assert told[0].endswith("\n")
    (again,) = crashes.told_by(f"tg_fault: pc 0x{pc:08x} lr 0x{caller:08x}\n")
    assert "in fall_over (own.c:" in again
    assert "called from" in again
