"""What is read from a linked firmware, on ELF files that the assembler makes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tinygen.boards import get_board
from tinygen.elf import Sizes, check_fit, sizes
from tinygen.errors import DoesNotFit


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


def test_the_boards_stack_counts_where_the_linker_keeps_less() -> None:
    board = get_board("nucleo_f446re")
    free = board.memory.ram.bytes - board.stack_bytes
    check_fit(Sizes(flash=0, ram_static=free, arena=0, stack=1536), board)
    with pytest.raises(DoesNotFit) as caught:
        check_fit(Sizes(flash=0, ram_static=free + 1, arena=0, stack=1536), board)
    assert "stack 4096 bytes" in caught.value.why
