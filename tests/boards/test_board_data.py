"""The board files, and what becomes of a wrong one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

import tinygen.boards
from tinygen.boards import BOARD_IDS, Kind, all_boards, get_board, parse_board
from tinygen.errors import InputError
from tinygen.firmware import (
    LOCAL_PLATFORM,
    firmware_dir,
    hal_files,
    platform_files,
    platformio_board,
)

FOLDER = Path(tinygen.boards.__file__).parent
TEXT = (FOLDER / "qemu-cortex-m4.toml").read_text()


def test_every_board_file_is_listed_once() -> None:
    assert sorted(BOARD_IDS) == sorted(path.stem for path in FOLDER.glob("*.toml"))
    assert tuple(board.id for board in all_boards()) == BOARD_IDS


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_the_emulated_boards(board_id: str) -> None:
    board = get_board(board_id)
    assert board.kind is Kind.EMULATED
    assert board.emulator is not None
    assert board.toolchain is not None
    assert f"-mcpu={board.core}" in board.toolchain.core_flags
    assert board.emulator.cpu == board.core
    assert board.platformio.board == board_id
    with pytest.raises(dataclasses.FrozenInstanceError):
        board.id = "other"  # type: ignore[misc]


def test_sizes_of_the_micro_bit() -> None:
    board = get_board("qemu-cortex-m0")
    assert (board.memory.flash.bytes, board.memory.ram.bytes) == (256 * 1024, 16 * 1024)


def test_instructions_from_ticks() -> None:
    emulator = get_board("qemu-cortex-m4").emulator
    assert emulator is not None
    # 25 MHz: a tick is 40 ns; an instruction is 2^5 = 32 ns.
    assert emulator.instructions(4) == 5
    assert emulator.instructions(25_000_000) == 1_000_000_000 // 32


def test_a_wrong_id_gets_suggestions() -> None:
    with pytest.raises(InputError) as caught:
        get_board("qemu-cortex-m5")
    assert "qemu-cortex-m55" in caught.value.why
    assert caught.value.next_step == "tinygen boards"
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("name", ["", "QEMU-CORTEX-M4", "qemu-cortex-m4 ", "no", "../etc/passwd"])
def test_ids_match_exactly(name: str) -> None:
    with pytest.raises(InputError):
        get_board(name)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('core = "cortex-m4"', 'core = "cortex-m4"\ncolour = "red"', "unknown key colour"),
        ("clock_hz =", "clock =", "unknown key emulator.clock"),
        ("clock_hz = 25_000_000", "", "key emulator.clock_hz is missing"),
        ('kind = "emulated"', 'kind = "imagined"', "kind is 'imagined'"),
        ('type = "cmsdk"', 'type = "16550"', "serial.uart.type is '16550'"),
        ("stack_bytes = 8192", 'stack_bytes = "8192"', "stack_bytes is '8192'"),
        ("stack_bytes = 8192", "stack_bytes = true", "stack_bytes is True"),
        ("stack_bytes = 8192", "stack_bytes = -1", "stack_bytes is -1"),
        ("stack_bytes = 8192", "stack_bytes = 0x400000", "leaves no RAM"),
        ('available = ["aot"]', 'available = "aot"', "engines.available must be a list"),
        ('available = ["aot"]', "available = [1]", "engines.available is 1"),
        ('default = "aot"', 'default = "tflm"', "engines.default"),
        ('kernel_sets = ["dsp", "portable"]', 'kernel_sets = ["dsp"]', "portable"),
        ('kind = "emulated"', 'kind = "hardware"', "[emulator]"),
        ("baud = 115200", "baud = 0", "serial.baud"),
        ("[memory]", "[memory", "line"),
    ],
)
def test_a_wrong_board_file(old: str, new: str, told: str) -> None:
    assert old in TEXT
    with pytest.raises(InputError) as caught:
        parse_board(TEXT.replace(old, new), "mine.toml")
    assert "mine.toml" in caught.value.what
    assert told in caught.value.why


def test_a_board_file_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "my-board.toml"
    path.write_text(TEXT.replace('id = "qemu-cortex-m4"', 'id = "my-board"'))
    assert get_board(path).id == "my-board"
    assert get_board(str(path)).memory == get_board("qemu-cortex-m4").memory
    path.write_text(TEXT)
    with pytest.raises(InputError, match=r"my-board\.toml"):
        get_board(path)
    with pytest.raises(InputError, match="cannot be read"):
        get_board(tmp_path / "absent.toml")


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_the_checkouts_platform_follows_the_board_files(board_id: str) -> None:
    """If not: python -m tinygen.firmware"""
    path = firmware_dir() / "platform" / LOCAL_PLATFORM / "boards" / f"{board_id}.json"
    assert path.read_bytes() == platformio_board(get_board(board_id))


@pytest.mark.parametrize("board_id", BOARD_IDS)
def test_the_files_of_a_project(board_id: str) -> None:
    board = get_board(board_id)
    hal, platform = hal_files(board), platform_files(board)
    assert board.serial.uart is not None
    assert {name for name in hal if "/uart_" in name} == {
        f"src/hal/uart_{board.serial.uart.type.value}.c"
    }
    assert "src/hal/tg_hal.h" in hal
    content = json.loads(platform[f"platforms/tinygen-emulated/boards/{board_id}.json"])
    memory = content["build"]["memory"]
    assert memory["TG_RAM_ORIGIN"] == board.memory.ram.origin
    vectors = memory["TG_VECTORS_SIZE"] if board.memory.vectors_origin is None else 0
    assert memory["TG_FLASH_SIZE"] + vectors == board.memory.flash.bytes
    for name, data in (hal | platform).items():
        assert not name.startswith("/")
        assert str(Path.home()).encode() not in data
