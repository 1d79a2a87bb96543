"""Finds what is fixed in C and for PlatformIO, and says which files a board's project gets."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from tinygen.boards import Board, Port, Uart, all_boards
from tinygen.errors import InputError

PLATFORMS_DIR = "platforms"
"""Where a project keeps its own development platforms: `platforms_dir` in platformio.ini."""

LOCAL_PLATFORM = "tinygen-emulated"
"""The development platform that comes with the project instead of from a registry."""

_VECTOR_BYTES = 4
_SYSTEM_VECTORS = 16

_PORT_FILES: dict[Port, tuple[str, ...]] = {
    Port.CORTEX_M: (
        "bare/libc_bare.c",
        "bare/startup_cortex_m.c",
        "bare/tg_bare.h",
        "bare/tg_hal_bare.c",
        "bare/ticks_systick.c",
    ),
}

_UART_FILES: dict[Uart, tuple[str, ...]] = {
    Uart.CMSDK: ("bare/uart_cmsdk.c",),
    Uart.NRF51: ("bare/uart_nrf51.c",),
}

_PLATFORM_FILES = ("bare.ld", "builder/main.py", "platform.json", "platform.py")


@cache
def firmware_dir() -> Path:
    """The folder firmware/: the checkout's if this is one, else the installed package's."""
    return _data_dir("firmware")


@cache
def templates_dir() -> Path:
    """The folder templates/: the checkout's if this is one, else the installed package's."""
    return _data_dir("templates")


def hal_files(board: Board) -> dict[str, bytes]:
    """The board's port of the hardware layer: path in the project -> content, all in src/hal."""
    names = ["tg_hal.h", *_PORT_FILES[board.port]]
    if board.serial.uart is not None:
        names += _UART_FILES[board.serial.uart.type]
    folder = firmware_dir() / "hal"
    return {f"src/hal/{Path(name).name}": (folder / name).read_bytes() for name in names}


def platform_files(board: Board) -> dict[str, bytes]:
    """The development platform a project brings along: path in the project -> content.

    Empty for a board whose platform PlatformIO gets from its registry.
    """
    if board.platformio.platform != LOCAL_PLATFORM:
        return {}
    folder = firmware_dir() / "platform" / LOCAL_PLATFORM
    target = f"{PLATFORMS_DIR}/{LOCAL_PLATFORM}"
    files = {f"{target}/{name}": (folder / name).read_bytes() for name in _PLATFORM_FILES}
    files[f"{target}/boards/{board.platformio.board}.json"] = platformio_board(board)
    return files


def platformio_board(board: Board) -> bytes:
    """The board of our own platform as PlatformIO's boards/<id>.json, from the board file."""
    toolchain, uart = board.toolchain, board.serial.uart
    if toolchain is None or uart is None:
        raise InputError(
            f"the board {board.id} cannot use the platform {LOCAL_PLATFORM}",
            why="its board file has no [toolchain] or no [serial.uart]",
            next_step="tinygen boards",
        )
    clock_hz = board.emulator.clock_hz if board.emulator else 0
    content = {
        "name": board.name,
        "vendor": "tinygen",
        "url": "https://platformio.org",
        "frameworks": [],
        "build": {
            "mcu": board.core,
            "cpu": board.core,
            "f_cpu": f"{clock_hz}L",
            "toolchain": toolchain.prefix,
            "core_flags": list(toolchain.core_flags),
            "defines": [
                ["TG_TICK_HZ", f"{clock_hz}U"],
                ["TG_UART_BASE", f"{uart.base:#x}U"],
                ["TG_UART_IRQ", f"{uart.irq}U"],
                ["TG_UART_BAUD", f"{board.serial.baud}U"],
                ["TG_PAYLOAD_BYTES", f"{board.protocol_payload}U"],
            ],
            "memory": _memory_symbols(board, uart.irq),
        },
        "upload": {
            "maximum_size": board.memory.flash.bytes,
            "maximum_ram_size": board.memory.ram.bytes,
        },
    }
    return (json.dumps(content, indent=2) + "\n").encode()


def write_board_files() -> None:
    """Bring firmware/platform's boards up to date with the board files, for the checkout."""
    folder = firmware_dir() / "platform" / LOCAL_PLATFORM / "boards"
    folder.mkdir(exist_ok=True)
    for board in all_boards():
        if board.platformio.platform == LOCAL_PLATFORM:
            (folder / f"{board.platformio.board}.json").write_bytes(platformio_board(board))


def _memory_symbols(board: Board, last_irq: int) -> dict[str, int]:
    """What bare.ld asks for, in bytes. The vector table ends with the serial port's interrupt."""
    memory = board.memory
    vectors_size = _VECTOR_BYTES * (_SYSTEM_VECTORS + last_irq + 1)
    flash_origin, flash_size = memory.flash.origin, memory.flash.bytes
    vectors_origin = memory.vectors_origin
    if vectors_origin is None:
        vectors_origin = flash_origin
        flash_origin += vectors_size
        flash_size -= vectors_size
    return {
        "TG_FLASH_ORIGIN": flash_origin,
        "TG_FLASH_SIZE": flash_size,
        "TG_RAM_ORIGIN": memory.ram.origin,
        "TG_RAM_SIZE": memory.ram.bytes,
        "TG_STACK_SIZE": board.stack_bytes,
        "TG_VECTORS_ORIGIN": vectors_origin,
        "TG_VECTORS_SIZE": vectors_size,
    }


def _data_dir(name: str) -> Path:
    # An editable install leaves a copy in site-packages that grows old: the checkout goes first.
    package = Path(__file__).resolve().parent
    for folder in (package.parent / name, package / "_data" / name):
        if folder.is_dir():
            return folder
    raise InputError(
        f"tinygen's own folder {name} is missing",
        why=f"it is neither beside the package in {package.parent} nor inside it",
        next_step="pip install --force-reinstall tinygen",
    )


if __name__ == "__main__":
    write_board_files()
