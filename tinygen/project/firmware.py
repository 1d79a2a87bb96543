"""Finds what is fixed in C and for PlatformIO, and says which files a board's project gets."""

from __future__ import annotations

import json
from pathlib import Path

from tinygen.boards import (
    LOCAL_PLATFORM,
    ArenaPlace,
    Board,
    Connection,
    Port,
    Qemu,
    ResetReason,
    Serial,
    Uart,
    UartPort,
    all_boards,
)
from tinygen.errors import InputError
from tinygen.project.library import SOURCES
from tinygen.resources import firmware_dir

PLATFORMS_DIR = "platforms"
"""Where a project keeps its own development platforms: `platforms_dir` in platformio.ini."""

_VECTOR_BYTES = 4
_SYSTEM_VECTORS = 16

_RESET_CODE_BYTES = 64

_RESET_ESP = "tg_reset_esp.h"
_KEPT = ("tg_kept.c", "tg_kept.h")
_BARE = ("bare/construct.c", "bare/cxx_bare.c", "bare/libc_bare.c")

_PORT_FILES: dict[Port, tuple[str, ...]] = {
    Port.CORTEX_M: (
        *_BARE,
        "bare/startup_cortex_m.c",
        "bare/tg_bare.h",
        "bare/tg_hal_bare.c",
        "bare/ticks_systick.c",
        *_KEPT,
        "tg_stack_mark.h",
    ),
    Port.SIFIVE: (
        *_BARE,
        "sifive/startup_riscv.c",
        "sifive/tg_hal_sifive.c",
        *_KEPT,
        "tg_stack_mark.h",
    ),
    Port.XTENSA_SIM: (
        *_BARE,
        "xtensa_sim/arithmetic_lx106.c",
        "xtensa_sim/startup_xtensa_sim.c",
        "xtensa_sim/tg_hal_xtensa_sim.c",
        "tg_stack_mark.h",
    ),
    Port.METAL: (
        "bare/cxx_bare.c",
        "metal/start_metal.c",
        "sifive/tg_hal_sifive.c",
        "tg_stack_mark.h",
    ),
    Port.ARDUINO: (
        "arduino/tg_hal_arduino.cpp",
        "arduino/tg_reset.h",
        "arduino/tg_stack.h",
        "arduino/tg_ticks.h",
    ),
    Port.ESP_IDF: ("esp_idf/tg_hal_esp_idf.c", _RESET_ESP),
    Port.POSIX: ("posix/tg_hal_posix.c",),
}

_UART_FILES: dict[Uart, tuple[str, ...]] = {
    Uart.CMSDK: ("bare/uart_cmsdk.c",),
    Uart.NRF51: ("bare/uart_nrf51.c",),
    Uart.SIFIVE: (),
}

# Where a port's project does not start with main(): path in the project -> file of ours.
_ROOT_FILES: dict[Port, dict[str, str]] = {
    Port.ARDUINO: {"src/main.cpp": "hal/arduino/main.cpp"},
    Port.ESP_IDF: {
        "src/main.c": "hal/esp_idf/main.c",
        "src/CMakeLists.txt": "hal/esp_idf/component.cmake",
        "CMakeLists.txt": "hal/esp_idf/CMakeLists.txt",
        "sdkconfig.defaults": "hal/esp_idf/sdkconfig.defaults",
    },
}

_PLATFORM_FILES = (
    "bare.ld",
    "builder/frameworks/arduino.py",
    "builder/main.py",
    "platform.json",
    "platform.py",
)


def hal_files(board: Board) -> dict[str, bytes]:
    """The board's port of the hardware layer: path in the project -> content, all in src/hal."""
    names = ["tg_hal.h", *_PORT_FILES[board.port]]
    if board.port is Port.CORTEX_M and board.serial.uart is not None:
        names += _UART_FILES[board.serial.uart.type]
    if board.ticks is not None:
        names += [
            f"arduino/ticks_{board.ticks.value}.cpp",
            f"arduino/stack_{board.stack_mark.value}.cpp",
            f"arduino/reset_{board.reset_reason.value}.cpp",
        ]
    if board.reset_reason is ResetReason.ESP:
        names.append(_RESET_ESP)
    folder = firmware_dir() / "hal"
    return {f"src/hal/{Path(name).name}": (folder / name).read_bytes() for name in names}


def root_files(board: Board) -> dict[str, bytes]:
    """What starts the firmware, and what the framework wants beside it: path -> content."""
    names = _ROOT_FILES.get(board.port, {"src/main.c": "main.c"})
    return {path: (firmware_dir() / name).read_bytes() for path, name in names.items()}


def memory_files(board: Board, place: ArenaPlace) -> dict[str, bytes]:
    """What takes the arena from the heap, where it lies there: path in the project -> content."""
    heap = board.memory.heap
    if place is ArenaPlace.STATIC or heap is None:
        return {}
    folder = firmware_dir() / "memory"
    return {
        f"{SOURCES}/model_memory.h": (folder / "model_memory.h").read_bytes(),
        f"{SOURCES}/model_memory.c": (folder / f"{heap.allocator.value}.c").read_bytes(),
    }


def main_file(board: Board) -> str:
    """Which of `root_files` starts the firmware."""
    return next(path for path in root_files(board) if path.startswith("src/main."))


def port_flags(board: Board) -> tuple[str, ...]:
    """The board's numbers as compiler flags, where no board of our own platform brings them."""
    serial = board.serial
    flags = []
    if board.platformio.framework:
        flags += [
            f"-DTG_PAYLOAD_BYTES={board.protocol_payload}U",
            f"-DTG_WINDOW={serial.window}U",
            f"-DTG_SERIAL_BAUD={serial.baud}UL",
        ]
        if isinstance(board.device, Serial) and board.device.connection is Connection.USB:
            flags.append("-DTG_SERIAL_FLUSH")
        if serial.fastest is not None:
            flags.append(f"-DTG_SERIAL_FASTEST={serial.fastest}UL")
        if serial.uart is not None:
            flags += [f"-DTG_UART_BASE={serial.uart.base:#x}U", f"-DTG_UART_IRQ={serial.uart.irq}U"]
    return tuple(flags)


def platform_files(board: Board) -> dict[str, bytes]:
    """The development platform a project brings along: path in the project -> content.

    Empty for a board whose platform PlatformIO gets from its registry.
    """
    if not board.platformio.local:
        return {}
    folder = firmware_dir() / "platform" / LOCAL_PLATFORM
    target = f"{PLATFORMS_DIR}/{LOCAL_PLATFORM}"
    files = {f"{target}/{name}": (folder / name).read_bytes() for name in _PLATFORM_FILES}
    files[f"{target}/boards/{board.platformio.board}.json"] = platformio_board(board)
    return files


def platformio_board(board: Board) -> bytes:
    """The board of our own platform as PlatformIO's boards/<id>.json, from the board file."""
    toolchain = board.toolchain
    if toolchain is None:
        raise InputError(
            f"the board {board.id} cannot use the platform {LOCAL_PLATFORM}",
            why="its board file has no [toolchain]",
            next_step="tinygen boards",
        )
    clock_hz = board.device.clock_hz if isinstance(board.device, Qemu) else 0
    framework = board.platformio.framework
    build: dict[str, object] = {
        "mcu": board.core,
        "cpu": board.core,
        "f_cpu": f"{clock_hz}L",
        "toolchain": toolchain.prefix,
        "core_flags": list(toolchain.core_flags),
        "link_flags": list(toolchain.link_flags),
        # GCC before version 8 maps only what is in debug information.
        "prefix_map": "debug" if framework else "file",
        "defines": [],
    }
    if framework:
        build["arduino_core"] = toolchain.arduino_core
        build["arduino_variant"] = toolchain.arduino_variant
    else:
        build["defines"] = _defines(board, board.serial.uart, clock_hz)
        if board.port.bare:
            build["memory"] = _memory_symbols(board)
    content = {
        "name": board.name,
        "vendor": "tinygen",
        "url": "https://platformio.org",
        "frameworks": [framework] if framework else [],
        "build": build,
        "upload": {
            "maximum_size": board.memory.flash.bytes,
            "maximum_ram_size": board.memory.ram.bytes,
        },
    }
    return (json.dumps(content, indent=2) + "\n").encode()


def _defines(board: Board, uart: UartPort | None, clock_hz: int) -> list[list[str]]:
    """The numbers a port without a framework is compiled with."""
    defines = [["TG_TICK_HZ", f"{clock_hz}U"]] if board.port.bare else []
    if uart is not None:
        defines += [["TG_UART_BASE", f"{uart.base:#x}U"], ["TG_UART_IRQ", f"{uart.irq}U"]]
        defines += [["TG_UART_BAUD", f"{board.serial.baud}U"]]
    return [*defines, ["TG_PAYLOAD_BYTES", f"{board.protocol_payload}U"]]


def write_board_files() -> None:
    """Bring firmware/platform's boards up to date with the board files, for the checkout."""
    folder = firmware_dir() / "platform" / LOCAL_PLATFORM / "boards"
    folder.mkdir(exist_ok=True)
    for board in all_boards():
        if board.platformio.local:
            (folder / f"{board.platformio.board}.json").write_bytes(platformio_board(board))


def _memory_symbols(board: Board) -> dict[str, int]:
    """What bare.ld asks for, in bytes. The vector table ends with the serial port's interrupt."""
    memory = board.memory
    vectors_size = _RESET_CODE_BYTES
    if board.port is Port.CORTEX_M and board.serial.uart is not None:
        vectors_size = _VECTOR_BYTES * (_SYSTEM_VECTORS + board.serial.uart.irq + 1)
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


if __name__ == "__main__":
    write_board_files()
