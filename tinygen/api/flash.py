"""flash() and stop(): put the firmware on the device; on an emulated board, start and end QEMU."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from tinygen import emulator
from tinygen.boards import Board, get_board
from tinygen.errors import DeviceError, InputError
from tinygen.link import Session, open_transport
from tinygen.link.hello import Hello
from tinygen.progress import SILENT, Progress
from tinygen.project import Project, open_project

_START_SECONDS = 10.0


@dataclass(frozen=True)
class FlashResult:
    """A device that runs the project's firmware and has answered."""

    project: Path
    board: str
    port: str
    model: str
    pid: int | None
    seconds: float


@dataclass(frozen=True)
class StopResult:
    """`stopped` is False when nothing was running."""

    project: Path
    stopped: bool


def flash(project: str | Path | None = None, *, progress: Progress = SILENT) -> FlashResult:
    """Start the project's firmware and wait until it answers; replaces an earlier one."""
    started = time.monotonic()
    current = open_project(None if project is None else Path(project))
    board = get_board(current.board)
    if board.emulator is None:
        raise InputError(
            f"{board.id} is not an emulated board",
            why="uploading to hardware is not part of this version",
            next_step=f"pio run -d {current.path} -t upload",
        )
    progress.stage(f"Starting {board.id} in QEMU")
    running = emulator.start(board, built_elf(current), current.state_dir)
    try:
        hello = greet(running.url, board)
    except DeviceError:
        emulator.stop(current.state_dir)
        raise
    return FlashResult(
        project=current.path,
        board=board.id,
        port=running.url,
        model=hello.model,
        pid=running.pid,
        seconds=time.monotonic() - started,
    )


def stop(project: str | Path | None = None) -> StopResult:
    """End the emulator that `flash` started for this project, and nothing else."""
    current = open_project(None if project is None else Path(project))
    return StopResult(current.path, emulator.stop(current.state_dir))


def greet(port: str, board: Board) -> Hello:
    """What the device behind `port` says it is; DeviceError when it does not answer in time."""
    with Session(open_transport(port, board.serial.baud, board.serial.reset)) as session:
        return session.hello(timeout=_START_SECONDS)


def built_elf(project: Project) -> Path:
    """The project's ELF file; InputError when it was not built."""
    firmware = project.manifest.get("firmware")
    elf = project.path / str(firmware["elf"]) if firmware else None
    if elf is None or not elf.is_file():
        raise InputError(
            f"{project.path} has not been built",
            why="there is no ELF file",
            next_step="tinygen build MODEL --board BOARD",
        )
    return elf
