"""flash() and stop(): put the firmware on the device; on an emulated board, start and end QEMU; a
program of Linux is copied to its machine, or runs here, as long as somebody talks to it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

from tinygen import pio
from tinygen.api.again import again, noting
from tinygen.api.board import project_board, require_harmless_firmware
from tinygen.api.built import Built, look
from tinygen.api.crash import explained
from tinygen.api.linux import end_service, install, linux_port, no_port, recorded_port, started_here
from tinygen.api.marked import marking
from tinygen.api.shown import Shown
from tinygen.boards import Board, Linux, Qemu, Serial
from tinygen.devices import qemu
from tinygen.devices.link import Session, open_device
from tinygen.devices.link.deadline import Clock, ProcessClock
from tinygen.devices.link.hello import Hello
from tinygen.devices.link.ssh import SCHEME as SSH
from tinygen.devices.remote import Service
from tinygen.devices.usb import find_port, wait_for_port
from tinygen.errors import DeviceError, InputError
from tinygen.progress import SILENT, Progress
from tinygen.project import trust
from tinygen.project.folder import Project, open_project

_START_SECONDS = 10.0
_AGAIN_SECONDS = 0.2


@dataclass(frozen=True, repr=False)
class FlashResult(Shown):
    """A device that runs the project's firmware and has answered."""

    project: Path
    board: str
    port: str
    model: str
    build_id: str
    pid: int | None
    """The emulator's process; None where none stays."""
    seconds: float
    service: Service | None = None
    """What keeps running on another machine with Linux."""


@dataclass(frozen=True, repr=False)
class StopResult(Shown):
    """`stopped` is False when nothing was running."""

    project: Path
    stopped: bool


def flash(
    project: str | Path | None = None,
    *,
    port: str | None = None,
    layers: bool = False,
    marker: bool = False,
    model: str | None = None,
    trust_project: bool = False,
    progress: Progress = SILENT,
) -> FlashResult:
    """Put the project's firmware on its board and wait until it answers.

    An emulated board is started, which replaces the one started before. Hardware is uploaded to by
    PlatformIO with the board's protocol. For a board with Linux the `port` ``ssh://USER@HOST`` is a
    machine to copy it to and to start it on as a service of the user's, which later commands find
    again; without one it is run here once.

    Parameters
    ----------
    project : str or Path, optional
        A project folder; without it the last build of this directory.
    port : str, optional
        A serial device or a pyserial URL. Without it the emulator that `flash` started, or the one
        port with the board's USB id.
    layers : bool
        Firmware of the same sources that notes what its layers take and compute, for
        `verify_layers` and `profile`; those start an emulated board's by themselves.
    marker : bool
        Firmware of the same sources with a pin, the board's `marker_pin`, that is high while an
        inference runs, for `measure_power`.
    model : str, optional
        What the model whose layers are noted is called in C, needed where a firmware has several.
    trust_project : bool
        Run what a project folder or a board file of somebody else's brings.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    FlashResult
        The device that has answered: its port, and the build id of its firmware.

    Raises
    ------
    InputError
        For a project that is not built as it is now.
    UntrustedProject
        For a project that would run what this machine's tinygen did not write, unless
        `trust_project`.
    ToolchainError
        Where the emulator or the uploader is missing or fails.
    DeviceError
        Where nothing answers, or other firmware does.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.flash("firmware").board
    'qemu-cortex-m3'
    """
    started = time.monotonic()
    current = open_project(None if project is None else Path(project))
    board = project_board(current)
    if model is not None:
        current.about(model)  # which there has to be, whatever it is said for
    if marker:
        made = again(current, progress)
        marked = marking(made, trust_project=trust_project, progress=progress)
        done = flash(marked.path, port=port, trust_project=trust_project, progress=progress)
        return replace(done, project=current.path)
    if layers:
        current = current.about(model)
        return _with_layers(current, board, port, trust_project=trust_project, progress=progress)
    built = look(current, board)
    elf = built.require_current()
    pid = service = None
    if isinstance(board.device, Qemu):
        if given_port(port) is not None:
            raise InputError(f"{board.id} is emulated: its port is chosen by `tinygen flash`")
        require_harmless_firmware(current, board, elf, trusted=trust_project)
        progress.stage(f"Starting {board.id} in QEMU")
        running = qemu.start(board, elf, current.state_dir)
        port, pid = running.url, running.pid
        try:
            hello = _greet(port, built, ProcessClock(pid))
        except BaseException as error:
            if isinstance(error, DeviceError) and (words := qemu.last_words(current.state_dir)):
                error.why += f"\nthe emulator's last words:\n{words}"
            qemu.stop(current.state_dir)
            raise
    elif isinstance(board.device, Linux):
        place = given_port(port) or recorded_port(current)
        if place is None:
            progress.stage(f"Running {board.id} once")
            port = started_here(built, trust_project=trust_project)
            hello = _greet(port, built)
        elif place.startswith(SSH):
            port, hello, service = install(built, place, progress, trust_project=trust_project)
        else:
            raise no_port(board)
    else:
        with trust.running(current.path, trusted=trust_project):
            port, hello = _upload(built, board.device, port, progress)
    return FlashResult(
        project=current.path,
        board=board.id,
        port=port,
        model=hello.model,
        build_id=hello.build_id,
        pid=pid,
        seconds=time.monotonic() - started,
        service=service,
    )


def _with_layers(
    project: Project, board: Board, port: str | None, *, trust_project: bool, progress: Progress
) -> FlashResult:
    if not isinstance(board.device, Serial):
        raise InputError(
            f"nothing has to be put on {board.id} to look into its layers",
            why="its device is started here, by the command that looks",
            next_step="tinygen verify --layers, or tinygen profile",
        )
    made = again(project, progress)
    _, noted = noting(made, trust_project=trust_project, progress=progress)
    done = flash(noted.path, port=port, trust_project=trust_project, progress=progress)
    return replace(done, project=project.path)


def _upload(
    built: Built, device: Serial, port: str | None, progress: Progress
) -> tuple[str, Hello]:
    """Upload, and which port it then answers on.

    A board that is its own USB port leaves and comes back, maybe under another name, and meanwhile
    its port cannot be opened.
    """
    board, upload = built.board, device.upload
    returns, chosen = upload.returns, given_port(port)
    # A boot loader that needs no port may show none.
    if chosen is None and (upload.needs_port or not returns):
        chosen = find_port(board)
    progress.stage(f"Uploading to {board.id}" + (f" through {chosen}" if chosen else ""))
    pio.upload(built.project.path, board, chosen)
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            found = port or wait_for_port(board, end - time.monotonic()) if returns else chosen
            assert found is not None
            return found, _greet(found, built)
        except DeviceError:
            if not returns or time.monotonic() >= end:
                raise
            time.sleep(_AGAIN_SECONDS)


def stop(project: str | Path | None = None) -> StopResult:
    """End the emulator or the service that `flash` started for this project, and nothing else.

    Parameters
    ----------
    project : str or Path, optional
        A project folder; without it the last build of this directory.

    Returns
    -------
    StopResult
        `stopped` is False where nothing was running.

    Raises
    ------
    InputError
        Where there is no project.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.stop("firmware").stopped
    True
    """
    current = open_project(None if project is None else Path(project))
    return StopResult(current.path, qemu.stop(current.state_dir) or end_service(current))


def given_port(port: str | None) -> str | None:
    """The port as it was given; InputError for one without a name, as of an empty variable."""
    if port is not None and not port.strip():
        raise InputError(
            "the port has no name",
            why="--port was given, but nothing after it: an empty variable of the shell?",
            next_step="name it (--port /dev/ttyUSB0), or leave --port out to have it found",
        )
    return port


def device_port(
    built: Built,
    port: str | None = None,
    progress: Progress = SILENT,
    *,
    trust_project: bool = False,
) -> str:
    """Where the project's device is: at the `port` that was given, else the recorded emulator,
    started anew if it runs anything but the project's ELF file, the one port that has the board's
    USB id, or where a program of Linux is."""
    given, device = given_port(port), built.board.device
    if isinstance(device, Linux):
        return linux_port(built, given, trust_project=trust_project)
    if given is not None:
        return given
    if isinstance(device, Serial):
        return find_port(built.board)
    elf = built.require_current()
    running = qemu.running(built.project.state_dir)
    if running is not None and running.runs(built.board, elf):
        return running.url
    return flash(built.project.path, trust_project=trust_project, progress=progress).port


def _greet(port: str, built: Built, clock: Clock = time.monotonic) -> Hello:
    """What the device behind `port` says it is; DeviceError when it does not answer in time, or is
    not what was put there."""
    with Session(open_device(built.board, port), clock=clock, model=built.project.index) as session:
        try:
            hello = session.hello(timeout=_START_SECONDS)
        except DeviceError as error:
            if crash := explained(error.why, built.elf):
                error.why += f"\n{crash}"
            raise
    try:
        built.require_on(hello)
    except DeviceError as error:
        raise DeviceError(
            error.what,
            why=f"the firmware was put on {built.board.id}, but {port} answers with another",
            next_step="reset the board and look with tinygen verify, or say its port: --port PORT",
        ) from error
    return hello
