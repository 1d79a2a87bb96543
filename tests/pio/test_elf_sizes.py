"""What is read from a linked firmware, on ELF files that the assembler makes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tinygen.boards import Memories, Memory, RamCode, get_board
from tinygen.errors import DoesNotFit, ToolchainError
from tinygen.pio import run as pio
from tinygen.pio.elf import Sizes, Stamp, check_fit, sizes, stamp
from tinygen.project import build_id
from tinygen.resources import firmware_dir


def _assemble(folder: Path, text: str) -> Path:
    elf = folder / "firmware.elf"
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-c", "-x", "assembler", "-", "-o", str(elf)]
    subprocess.run(command, input=text, text=True, check=True)
    return elf


@pytest.mark.parametrize("symbol", ["model_arena", "model_arena.lto_priv.32", "model_arena.0"])
def test_the_arena_is_found_by_any_of_its_names(symbol: str, tmp_path: Path) -> None:
    elf = _assemble(tmp_path, f'.bss\n.skip 100\n"{symbol}": .skip 48\n.size "{symbol}", 48\n')
    assert sizes(elf) == Sizes(flash=0, ram_static=100, arena=48, stack=0)


STAMPED = """
.section .rodata.a, "a"
.skip 3
"tg_build_id{0}": .byte 1, 2, 255
.size "tg_build_id{0}", 3
.section .rodata.b, "a"
"tg_compiler{0}": .asciz "12.2.1"
.size "tg_compiler{0}", 7
"""


@pytest.mark.parametrize("suffix", ["", ".lto_priv.0"])
def test_which_firmware_it_is(suffix: str, tmp_path: Path) -> None:
    elf = _assemble(tmp_path, STAMPED.format(suffix))
    assert stamp(elf) == Stamp(build_id="0102ff", compiler="12.2.1")


def test_a_firmware_that_does_not_say_what_it_is(tmp_path: Path) -> None:
    assert stamp(_assemble(tmp_path, ".data\n.skip 4\n")) is None
    users = ".data\n.word tg_build_id\n.word tg_compiler\n"  # both are only referred to
    assert stamp(_assemble(tmp_path, users)) is None
    (tmp_path / "firmware.elf").write_bytes(b"no ELF file")
    with pytest.raises(ToolchainError, match="cannot be read"):
        stamp(tmp_path / "firmware.elf")


def test_the_whole_program_optimized_at_once_still_says_it(tmp_path: Path) -> None:
    """As an Arduino Uno's is; the generated file and the one that tells the host."""
    (tmp_path / "id.c").write_text(build_id.source(bytes(range(16))), "utf-8")
    (tmp_path / "main.c").write_text(
        '#include "tg_build_id.h"\nvolatile uint8_t told;\nvoid _start(void) {\n'
        "  for (unsigned i = 0; i < 16; i++) told = tg_build_id[i];\n"
        "  for (const char *c = tg_compiler; *c; c++) told = (uint8_t)*c;\n}\n",
        "utf-8",
    )
    elf = tmp_path / "firmware.elf"
    flags = ["-mcpu=cortex-m4", "-Os", "-flto", "-nostdlib", "-ffunction-sections"]
    flags += ["-fdata-sections", "-Wl,--gc-sections", f"-I{firmware_dir() / 'protocol'}"]
    files = [str(tmp_path / name) for name in ("id.c", "main.c")]
    subprocess.run(["arm-none-eabi-gcc", *flags, *files, "-o", str(elf)], check=True)
    found = stamp(elf)
    assert found is not None
    assert found.build_id == bytes(range(16)).hex()
    assert found.compiler[0].isdigit()


def test_what_stm32duino_keeps_for_the_stack(tmp_path: Path) -> None:
    elf = _assemble(tmp_path, '.section ._user_heap_stack, "aw", %nobits\n.skip 1536\n')
    assert sizes(elf).stack == 1536


def test_code_that_runs_from_ram_takes_whole_blocks(tmp_path: Path) -> None:
    text = '.data\n.skip 4\n.section .fast, "ax"\n.skip 34\n.section .other_ram, "aw"\n.skip 64\n'
    memory = Memories(
        flash=Memory(1000),
        ram=Memory(1000),
        ram_sections=(".data",),
        ram_code=RamCode(sections=(".fast",), block_bytes=32),
    )
    assert sizes(_assemble(tmp_path, text), memory).ram == 4 + 64


def test_the_boards_stack_counts_where_the_linker_keeps_less() -> None:
    board = get_board("nucleo_f446re")
    free = board.memory.ram.bytes - board.stack_bytes
    check_fit(Sizes(flash=0, ram_static=free, arena=0, stack=1536), board)
    with pytest.raises(DoesNotFit) as caught:
        check_fit(Sizes(flash=0, ram_static=free + 1, arena=0, stack=1536), board)
    assert "stack 4,096 bytes" in caught.value.why


def test_teensys_own_tool_finds_it_too_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    board = get_board("teensy41")
    folder = tmp_path / ".pio" / "build" / board.id
    folder.mkdir(parents=True)
    _assemble(folder, '.section .text.itcm, "ax"\n.skip 100\n.bss\n.skip 500000\n')
    elf = pio.elf_file(tmp_path, board.id)
    linked = elf.read_bytes()
    log = ["teensy_size: RAM1: ...", "teensy_size: Error program exceeds memory space"]
    monkeypatch.setattr(pio, "_install", lambda *_: None)
    monkeypatch.setattr(pio, "_run", lambda *_: (elf.write_bytes(linked) and 1, log))
    with pytest.raises(DoesNotFit) as caught:
        pio.build(tmp_path, board)
    assert caught.value.why.splitlines() == [
        "RAM: needs 536,864 bytes, has 524,288, 12,576 too many",
        "RAM is arena 0 + variables 532,768 + stack 4,096 bytes",
    ]
