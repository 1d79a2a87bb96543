"""The compilers on PATH that our own platform's boards are built with."""

from __future__ import annotations

import os
from pathlib import Path

from tinygen import processes
from tinygen.boards import Board, Toolchain
from tinygen.errors import ToolchainError

_INSTALL = {
    "aarch64-linux-gnu": "sudo apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    "arm-linux-gnueabihf": "sudo apt-get install gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
    "arm-none-eabi": "sudo apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "avr": "sudo apt-get install gcc-avr avr-libc arduino-core-avr",
    "riscv64-unknown-elf": "sudo apt-get install gcc-riscv64-unknown-elf "
    "picolibc-riscv64-unknown-elf",
    "x86_64-linux-gnu": "sudo apt-get install gcc libc6-dev",
    "xtensa-lx106-elf": "sudo apt-get install gcc-xtensa-lx106 picolibc-xtensa-lx106-elf",
}

_INSTALL_CXX = {
    "aarch64-linux-gnu": "sudo apt-get install g++-aarch64-linux-gnu",
    "arm-linux-gnueabihf": "sudo apt-get install g++-arm-linux-gnueabihf",
    "arm-none-eabi": "sudo apt-get install libstdc++-arm-none-eabi-newlib",
}


def require_toolchain(board: Board, *, cxx: bool = False) -> None:
    """ToolchainError unless the compiler the board needs on PATH is there, with its C library; with
    `cxx` that of C++ too.

    A board whose platform brings its own compiler needs nothing here. Takes milliseconds.
    """
    toolchain = board.toolchain
    if toolchain is None:
        return
    compiler = f"{toolchain.prefix}-gcc"
    next_step = _INSTALL.get(toolchain.prefix, f"install {compiler} and put it on PATH")
    path = processes.which(compiler)
    if path is None:
        raise ToolchainError(
            f"the compiler {compiler} is not installed",
            why="it is not on PATH",
            next_step=next_step,
        )
    found = processes.run(
        [path, *toolchain.core_flags, "-E", "-include", "string.h", "-x", "c", os.devnull]
    )
    if found.returncode != 0:
        raise ToolchainError(
            f"the C library of {compiler} is not installed",
            why=_said(found.stderr) or f"{compiler} does not compile for the board's core",
            next_step=next_step,
        )
    if cxx:
        _require_cxx(toolchain)
    if toolchain.arduino_core and not Path(toolchain.arduino_core).is_dir():
        raise ToolchainError(
            "the Arduino core is not installed",
            why=f"there is no folder {toolchain.arduino_core}",
            next_step=next_step,
        )


def _require_cxx(toolchain: Toolchain) -> None:
    compiler = f"{toolchain.prefix}-g++"
    path = processes.which(compiler)
    command = ["-E", "-include", "cstdint", "-x", "c++", os.devnull]
    found = path and processes.run([path, *toolchain.core_flags, *command])
    if not found or found.returncode != 0:
        raise ToolchainError(
            f"the C++ library of {compiler} is not installed",
            why="TensorFlow Lite Micro is C++; "
            + (_said(found.stderr).splitlines()[0] if found else f"{compiler} is not on PATH"),
            next_step=_INSTALL_CXX.get(toolchain.prefix, f"install the C++ library of {compiler}"),
        )


def _said(output: bytes) -> str:
    return output.decode("utf-8", "replace").strip()
