"""The boards tinygen knows: data in *.toml, validated when read."""

from __future__ import annotations

import difflib
import platform
import re
from functools import cache
from pathlib import Path

from tinygen.boards.loader import parse_board
from tinygen.boards.schema import (
    LOCAL_PLATFORM,
    Board,
    Device,
    Engines,
    Heap,
    Linux,
    Memories,
    Memory,
    Npu,
    PlatformIO,
    Qemu,
    RamCode,
    Serial,
    SerialLine,
    Toolchain,
    UartPort,
    Upload,
)
from tinygen.boards.vocabulary import (
    Allocator,
    ArenaPlace,
    Connection,
    Core,
    EngineName,
    Extension,
    Fpu,
    Loader,
    Port,
    ResetName,
    ResetReason,
    StackMark,
    TflmFrom,
    TflmKernels,
    Ticks,
    Uart,
)
from tinygen.errors import InputError
from tinygen.printable import printable

__all__ = [
    "BOARD_IDS",
    "LOCAL_PLATFORM",
    "Allocator",
    "ArenaPlace",
    "Board",
    "Connection",
    "Core",
    "Device",
    "EngineName",
    "Engines",
    "Extension",
    "Fpu",
    "Heap",
    "Linux",
    "Loader",
    "Memories",
    "Memory",
    "Npu",
    "PlatformIO",
    "Port",
    "Qemu",
    "RamCode",
    "ResetName",
    "ResetReason",
    "Serial",
    "SerialLine",
    "StackMark",
    "TflmFrom",
    "TflmKernels",
    "Ticks",
    "Toolchain",
    "Uart",
    "UartPort",
    "Upload",
    "all_boards",
    "board_text",
    "get_board",
    "parse_board",
]

BOARD_IDS = (
    "qemu-cortex-m0",
    "qemu-cortex-m3",
    "qemu-cortex-m4",
    "qemu-cortex-m7",
    "qemu-cortex-m33",
    "qemu-cortex-m55",
    "qemu-hifive1",
    "qemu-mega2560",
    "qemu-xtensa",
    "qemu-aarch64",
    "qemu-armhf",
    "linux-x86_64",
    "linux-aarch64",
    "linux-armhf",
    "raspberrypi3",
    "raspberrypi3_32",
    "raspberrypi4",
    "raspberrypi5",
    "raspberrypi_zero2w",
    "esp32",
    "esp32s3",
    "esp32c3",
    "esp32c6",
    "xiao_esp32s3",
    "pico",
    "pico2",
    "nano33ble",
    "portenta_h7",
    "nucleo_f446re",
    "nucleo_h743zi",
    "disco_l475vg_iot01a",
    "teensy41",
    "nrf52840_dk",
    "feather_nrf52840",
    "hifive1_revb",
    "microbit",
    "uno",
    "mega2560",
)


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", "", text.lower())


_THIS = "linux"
"""The board that is this machine."""

_MACHINES = {"armv7l": "armhf", "armv8l": "armhf", "arm64": "aarch64", "AMD64": "x86_64"}
"""What systems call a machine -> what its board is called after, where that differs."""

_ALIKE = {_plain(board_id): board_id for board_id in BOARD_IDS}


def get_board(id_or_path: str | Path) -> Board:
    """The board of that id, or the one described by a .toml file of the user's own.

    Capitals, and what is between the words of an id, do not matter. `linux` is this machine's.
    """
    text = str(id_or_path)
    if text.endswith(".toml"):
        return _read(Path(text))
    text = _ALIKE.get(_plain(text), text)
    if text == _THIS:
        text = f"{_THIS}-{_MACHINES.get(platform.machine(), platform.machine())}"
    if text not in BOARD_IDS:
        close = difflib.get_close_matches(text.lower(), BOARD_IDS, n=3, cutoff=0.5)
        raise InputError(
            f"there is no board named {printable(text)}",
            why=f"did you mean {' or '.join(close)}?" if close else "",
            next_step="tinygen boards",
        )
    return _builtin(text)


def board_text(board_id: str) -> str:
    """The file of one of tinygen's own boards, as it is: to start one's own from."""
    return _path(get_board(board_id).id).read_text(encoding="utf-8")


def all_boards() -> tuple[Board, ...]:
    """Every board, in the order they are shown."""
    return tuple(_builtin(board_id) for board_id in BOARD_IDS)


@cache
def _builtin(board_id: str) -> Board:
    return _read(_path(board_id))


def _path(board_id: str) -> Path:
    return Path(__file__).with_name(f"{board_id}.toml")


def _read(path: Path) -> Board:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the board file {path} cannot be read",
            why=str(error),
            next_step="tinygen boards",
        ) from error
    board = parse_board(text, path.name)
    if board.id != path.stem:
        raise InputError(
            f"the board file {path.name} is not valid",
            why=f"its id is {board.id}; a board file is named after its id",
            next_step=f"rename it to {board.id}.toml",
        )
    return board
