"""Programs of Linux on this machine: as they are, or in QEMU's user mode, which emulates another
processor and passes on what a program asks of Linux."""

from __future__ import annotations

import platform

from tinygen import processes
from tinygen.boards import Linux
from tinygen.errors import ToolchainError


def runs_here(device: Linux) -> bool:
    """Whether this machine can start the program: as one of its own, or by an emulator."""
    return device.emulator is not None or (
        platform.system() == "Linux" and platform.machine() in device.machines
    )


def command(device: Linux) -> tuple[str, ...]:
    """What stands before the program's own path: nothing, or the emulator.

    ToolchainError where that is not installed.
    """
    if device.emulator is None:
        return ()
    cpu = () if device.cpu is None else ("-cpu", device.cpu)
    return (require(device.emulator), *cpu)


def require(emulator: str) -> str:
    """The path of the emulator, linked with libraries or without; ToolchainError where it is not
    installed."""
    path = processes.which(emulator) or processes.which(f"{emulator}-static")
    if path is None:
        raise ToolchainError(
            f"the emulator {emulator} is not installed",
            why="it is not on PATH",
            next_step="sudo apt-get install qemu-user",
        )
    return path
