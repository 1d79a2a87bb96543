"""flash() and stop(): put the firmware on the device; on an emulated board, start and end QEMU."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tinygen import pio
from tinygen.api.board import project_board
from tinygen.boards import Board
from tinygen.devices import qemu
from tinygen.devices.link import Session, open_transport
from tinygen.devices.link.hello import Hello
from tinygen.devices.usb import find_port, wait_for_port
from tinygen.errors import DeviceError, InputError
from tinygen.progress import SILENT, Progress
from tinygen.project.folder import Project, open_project

_START_SECONDS = 10.0
_AGAIN_SECONDS = 0.2


@dataclass(frozen=True)
class FlashResult:
    """A device that runs the project's firmware and has answered."""

    project: Path
    board: str
    port: str
    model: str
    pid: int | None
    """The emulator's process; None on hardware."""
    seconds: float


@dataclass(frozen=True)
class StopResult:
    """`stopped` is False when nothing was running."""

    project: Path
    stopped: bool


def flash(
    project: str | Path | None = None,
    *,
    port: str | None = None,
    progress: Progress = SILENT,
) -> FlashResult:
    """Put the project's firmware on its board and wait until it answers.

    An emulated board is started, which replaces the one started before. Hardware is uploaded to
    by PlatformIO with the board's protocol; its `port` is found by USB id where only one fits.
    Raises ToolchainError and DeviceError.
    """
    started = time.monotonic()
    current = open_project(None if project is None else Path(project))
    board = project_board(current)
    elf = built_elf(current)
    pid = None
    if board.emulator is not None:
        if port is not None:
            raise InputError(f"{board.id} is emulated: its port is chosen by `tinygen flash`")
        progress.stage(f"Starting {board.id} in QEMU")
        running = qemu.start(board, elf, current.state_dir)
        port, pid = running.url, running.pid
        try:
            hello = _greet(port, board)
        except DeviceError:
            qemu.stop(current.state_dir)
            raise
    else:
        port, hello = _upload(current, board, port, progress)
    return FlashResult(
        project=current.path,
        board=board.id,
        port=port,
        model=hello.model,
        pid=pid,
        seconds=time.monotonic() - started,
    )


def _upload(
    project: Project, board: Board, port: str | None, progress: Progress
) -> tuple[str, Hello]:
    """Upload, and which firmware then answers on which port.

    A board that is its own USB port leaves and comes back, maybe under another name, and meanwhile
    its port cannot be opened.
    """
    upload = board.upload
    returns = upload is not None and upload.returns
    chosen = port
    # A boot loader that needs no port may show none.
    if chosen is None and (upload is None or upload.needs_port or not returns):
        chosen = find_port(board)
    progress.stage(f"Uploading to {board.id}" + (f" through {chosen}" if chosen else ""))
    pio.upload(project.path, board, chosen)
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            found = port or wait_for_port(board, end - time.monotonic()) if returns else chosen
            assert found is not None
            return found, _greet(found, board)
        except DeviceError:
            if not returns or time.monotonic() >= end:
                raise
            time.sleep(_AGAIN_SECONDS)


def stop(project: str | Path | None = None) -> StopResult:
    """End the emulator that `flash` started for this project, and nothing else."""
    current = open_project(None if project is None else Path(project))
    return StopResult(current.path, qemu.stop(current.state_dir))


def device_port(project: Project, board: Board, progress: Progress = SILENT) -> str:
    """Where the project's device is: the recorded emulator, started if need be, or the one port
    that has the board's USB id."""
    if board.emulator is None:
        return find_port(board)
    running = qemu.running(project.state_dir)
    return flash(project.path, progress=progress).port if running is None else running.url


def _greet(port: str, board: Board) -> Hello:
    """What the device behind `port` says it is; DeviceError when it does not answer in time."""
    with Session(open_transport(port, board.serial.baud, board.serial.reset)) as session:
        return session.hello(timeout=_START_SECONDS)


def built_elf(project: Project) -> Path:
    """The project's ELF file; InputError when it was not built."""
    firmware = project.manifest.firmware
    elf = None if firmware is None else project.path / firmware.elf
    if elf is None or not elf.is_file():
        raise InputError(
            f"{project.path} has not been built",
            why="there is no ELF file",
            next_step="tinygen build MODEL --board BOARD",
        )
    return elf
