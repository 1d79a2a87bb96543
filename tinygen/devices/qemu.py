"""Starts, finds and ends the QEMU process that is an emulated board.

QEMU outlives the command that started it; a record in the project says which process it is. Only a
process that matches its record in every respect is ever ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import msgspec
import psutil

from tinygen import processes
from tinygen.boards import Board, Qemu
from tinygen.errors import InputError, ToolchainError
from tinygen.printable import shell_word

RECORD = "emulator.json"
LOG = "emulator.log"
_LOCK = "emulator.lock"

_INSTALL = {
    "qemu-system-arm": "sudo apt-get install qemu-system-arm",
    "qemu-system-avr": "sudo apt-get install qemu-system-misc",
    "qemu-system-riscv32": "sudo apt-get install qemu-system-misc",
    "qemu-system-xtensa": "sudo apt-get install qemu-system-misc",
}

_KEEPER = Path(__file__).with_name("keeper.py")
_keepers: set[int] = set()
"""Children that are let go of when they have ended."""

_STARTUP_SECONDS = 0.15
_SLOW_START_SECONDS = 5.0
_TERMINATE_SECONDS = 3.0
# The system's start, from which a process's age is counted, moves a little with its clock.
_CREATE_TIME_SECONDS = 2.0
_LOG_LINES = 15


@dataclass(frozen=True)
class Running:
    """A running emulator: its process, its serial port as pyserial's URL, what it runs."""

    pid: Annotated[int, msgspec.Meta(gt=1, lt=1 << 31)]
    create_time: float
    command: tuple[str, ...]
    url: str
    board: str
    elf_sha256: str
    folder: tuple[int, int]
    """Device and number of the folder that the record is in: the record of a copy is not ours."""

    def runs(self, board: Board, elf: Path) -> bool:
        """Whether it runs this firmware, as the file is now, on this board."""
        return self.board == board.id and self.elf_sha256 == _sha256(elf)


def require(device: Qemu) -> str:
    """The path of the emulator's program. Raises ToolchainError where it is not installed."""
    if program := processes.which(device.program):
        return program
    raise ToolchainError(
        f"the emulator {device.program} is not installed",
        why="it is not on PATH",
        next_step=_INSTALL.get(device.program, f"install {device.program} and put it on PATH"),
    )


def start(board: Board, elf: Path, state_dir: Path) -> Running:
    """Start the firmware `elf` on the emulated `board`, detached; ends the one started before.

    The record and QEMU's own messages are kept in `state_dir`. When this returns, the serial port
    accepts connections; the firmware may take some more milliseconds.
    """
    device = board.device
    if not isinstance(device, Qemu):
        raise InputError(
            f"{board.id} is not an emulated board",
            why=f"its device is of the type {device.type}",
            next_step="tinygen flash --port PORT",
        )
    program = require(device)
    state_dir.mkdir(parents=True, exist_ok=True)
    with _locked(state_dir), socket.socket() as listener:
        _stop(state_dir)
        # The port is taken here and handed over open, so that nobody else can take it in between.
        listener.bind(("127.0.0.1", 0))
        listener.listen(1)
        listener.set_inheritable(True)
        command = (program, *arguments(device, elf.resolve(), listener.fileno()))
        elf_sha256 = _sha256(elf)
        pid = processes.detach(command, state_dir / LOG)
        try:
            running = Running(
                pid=pid,
                create_time=psutil.Process(pid).create_time(),
                command=command,
                url=f"socket://127.0.0.1:{listener.getsockname()[1]}",
                board=board.id,
                elf_sha256=elf_sha256,
                folder=_folder(state_dir),
            )
            _check_started(running, state_dir)
            _write_record(state_dir, running)
            started = (str(pid), repr(running.create_time), str(state_dir.resolve()), RECORD)
            _keepers.add(processes.detach_python(_KEEPER, *started))
        except BaseException:
            with contextlib.suppress(psutil.NoSuchProcess):
                psutil.Process(pid).kill()
            _reap(pid)
            raise
    return running


def running(state_dir: Path) -> Running | None:
    """The emulator recorded in `state_dir`, if it still runs."""
    try:
        record = json.loads((state_dir / RECORD).read_text(encoding="utf-8"))
        here = _folder(state_dir)
        found = msgspec.convert({"folder": here, **record}, Running)  # an older tinygen's has none
        ours = found.folder == here and _is_emulator(found.command)
    except (OSError, ValueError, TypeError, msgspec.ValidationError, RecursionError):
        return None  # none that this module wrote
    return found if ours and _process(found) is not None else None


def stop(state_dir: Path) -> bool:
    """End the emulator recorded in `state_dir`; whether there was one."""
    if not state_dir.is_dir():
        return False
    with _locked(state_dir):
        return _stop(state_dir)


def last_words(state_dir: Path) -> str:
    """The last lines that QEMU wrote, for an error message."""
    try:
        text = (state_dir / LOG).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LOG_LINES:])


def _is_emulator(command: tuple[str, ...]) -> bool:
    """Whether a record's command is one of ours, whoever wrote the record."""
    return bool(command) and Path(command[0]).name.startswith("qemu-system-")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _folder(state_dir: Path) -> tuple[int, int]:
    """What stays when the folder is moved, and differs when it is copied."""
    status = state_dir.stat()
    return status.st_dev, status.st_ino


def arguments(emulator: Qemu, elf: Path, listener: int) -> list[str]:
    """QEMU's, with the serial port behind the listening socket of that file descriptor."""
    return [
        *("-machine", emulator.machine),
        *(("-cpu", emulator.cpu) if emulator.cpu else ()),
        *("-nodefaults", "-display", "none", "-monitor", "none", "-parallel", "none"),
        # Time is counted in instructions, so that a run takes the same time every time; without
        # sleep=off an idle processor would wait for real time to catch up.
        *(
            ("-icount", f"shift={emulator.icount_shift},align=off,sleep=off")
            if emulator.icount_shift is not None
            else ()
        ),
        *_serial_port(emulator, listener),
        *emulator.options,
        *(f"-{emulator.loader.value}", str(elf)),
    ]


def _serial_port(emulator: Qemu, listener: int) -> list[str]:
    """A socket, behind a multiplexer without its escape character, because it has a buffer: a
    serial port that takes one byte at a time then receives five times as fast.
    """
    socket_ = f"socket,id=uart,fd={listener},server=on,wait=off,nodelay=on"
    if not emulator.buffered:
        return ["-chardev", socket_, "-serial", "chardev:uart"]
    return ["-chardev", f"{socket_},mux=on", "-serial", "chardev:uart", "-echr", "0x100"]


def _check_started(running: Running, state_dir: Path) -> None:
    """ToolchainError if QEMU ends at once, as it does when it does not know an option."""
    started = time.monotonic()
    # For a moment, on a busy machine a long one, a new process has no command line yet.
    while not _has_ended(running.pid):
        waited = time.monotonic() - started
        if waited > _SLOW_START_SECONDS or (waited > _STARTUP_SECONDS and _process(running)):
            break
        time.sleep(0.01)
    if _process(running) is None:
        raise ToolchainError(
            "the emulator ended as soon as it was started",
            why=last_words(state_dir),
            next_step=f"{shell_word(running.command[0])} --version "
            "(tinygen is tested with QEMU 7.2)",
        )


def _has_ended(child: int) -> bool:
    _reap(child)
    return not psutil.pid_exists(child)


def _process(found: Running) -> psutil.Process | None:
    """The live process of a record; None if it has ended or the id belongs to another one now."""
    _reap(found.pid)
    try:
        process = psutil.Process(found.pid)
        same = (
            abs(process.create_time() - found.create_time) <= _CREATE_TIME_SECONDS
            and tuple(process.cmdline()) == found.command
            and process.status() != psutil.STATUS_ZOMBIE
        )
    except psutil.Error:
        return None
    return process if same else None


def _stop(state_dir: Path) -> bool:
    found = running(state_dir)
    process = _process(found) if found else None
    if process is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
            if not _ended(process, _TERMINATE_SECONDS):
                process.kill()
                _ended(process, _TERMINATE_SECONDS)
    (state_dir / RECORD).unlink(missing_ok=True)
    return process is not None


def _ended(process: psutil.Process, seconds: float) -> bool:
    try:
        process.wait(seconds)
    except psutil.TimeoutExpired:
        return False
    return True


def _reap(pid: int) -> None:
    """Let go of an ended child; of somebody else's process there is nothing to let go."""
    for child in (pid, *_keepers):
        try:
            ended, _ = os.waitpid(child, os.WNOHANG)
        except ChildProcessError:
            ended = child
        if ended:
            _keepers.discard(child)


def _write_record(state_dir: Path, running: Running) -> None:
    handle, name = tempfile.mkstemp(dir=state_dir, prefix=RECORD)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(running), file, indent=2)
    Path(name).replace(state_dir / RECORD)


@contextlib.contextmanager
def _locked(state_dir: Path) -> Iterator[None]:
    """One at a time may start or stop the emulator of `state_dir`."""
    import fcntl

    with (state_dir / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
