"""What is read from a linked firmware, on ELF files that the assembler makes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tinygen.boards import Memories, Memory, RamCode, get_board
from tinygen.errors import DoesNotFit
from tinygen.pio import run as pio
from tinygen.pio.elf import Sizes, check_fit, sizes


def _assemble(folder: Path, text: str) -> Path:
    elf = folder / "firmware.elf"
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-c", "-x", "assembler", "-", "-o", str(elf)]
    subprocess.run(command, input=text, text=True, check=True)
    return elf


@pytest.mark.parametrize("symbol", ["model_arena", "model_arena.lto_priv.32", "model_arena.0"])
def test_the_arena_is_found_by_any_of_its_names(symbol: str, tmp_path: Path) -> None:
    elf = _assemble(tmp_path, f'.bss\n.skip 100\n"{symbol}": .skip 48\n.size "{symbol}", 48\n')
    assert sizes(elf) == Sizes(flash=0, ram_static=100, arena=48, stack=0)


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
    log = ["teensy_size: RAM1: ...", "teensy_size: Error program exceeds memory space"]
    monkeypatch.setattr(pio, "_install", lambda *_: None)
    monkeypatch.setattr(pio, "_run", lambda *_: (1, log))
    with pytest.raises(DoesNotFit) as caught:
        pio.build(tmp_path, board)
    assert caught.value.why.splitlines() == [
        "RAM: needs 536,864 bytes, has 524,288, 12,576 too many",
        "RAM is arena 0 + variables 532,768 + stack 4,096 bytes",
    ]
