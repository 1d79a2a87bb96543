"""Where the firmware of a board with Linux runs: here, as a program, or on a machine that `flash`
put it on through SSH."""

from __future__ import annotations

import time

from tinygen.api.board import require_harmless_firmware
from tinygen.api.built import Built
from tinygen.boards import Board, Linux
from tinygen.devices import remote, user_mode
from tinygen.devices.link import Session, open_device
from tinygen.devices.link.hello import Hello
from tinygen.devices.link.recording import SCHEME as REPLAY
from tinygen.devices.link.ssh import SCHEME as SSH
from tinygen.devices.link.ssh import Remote, SshTransport, parse_remote
from tinygen.devices.remote import Service
from tinygen.errors import DeviceError, InputError, TinygenError
from tinygen.progress import Progress
from tinygen.project import trust
from tinygen.project.folder import Project
from tinygen.project.writing import STATE, write_whole

_RECORD = f"{STATE}/remote"
"""The URL of the machine that the firmware was put on last."""

_SERVICE_SECONDS = 5.0
_AGAIN_SECONDS = 0.25


def linux_port(built: Built, given: str | None, *, trust_project: bool) -> str:
    """Where the project's program is: at the port that was `given`, on the machine where it was put
    last, or else here, the ELF file itself."""
    project = built.project
    if given is not None:
        if given.startswith(SSH):
            return _remote(project, given).url
        if "://" in given or given.startswith(REPLAY):
            return given
        raise no_port(built.board)
    if (recorded := recorded_port(project)) is not None:
        return recorded
    return started_here(built, trust_project=trust_project)


def started_here(built: Built, *, trust_project: bool) -> str:
    """The ELF file, a program of this machine's. InputError where it cannot be started here, or is
    not that of the sources."""
    device = built.board.device
    assert isinstance(device, Linux)
    if not user_mode.runs_here(device):
        raise InputError(
            f"{built.board.id} is another machine, and none was named",
            why=f"the program is for Linux on {' or '.join(device.machines)}; it is put there "
            "through SSH",
            next_step="tinygen flash --port ssh://USER@HOST",
        )
    elf = built.require_current()
    require_harmless_firmware(built.project, built.board, elf, trusted=trust_project)
    return str(elf.resolve())


def install(
    built: Built, url: str, progress: Progress, *, trust_project: bool
) -> tuple[str, Hello, Service]:
    """Put the program on another machine, start its service, and hear from both: where it is now.

    DeviceError, with the reason, where something of that does not work.
    """
    there = _remote(built.project, url)
    elf = built.require_current()
    require_harmless_firmware(built.project, built.board, elf, trusted=trust_project)
    progress.stage(f"Copying to {there.destination}")
    remote.require_machine(there, built.board)
    remote.install(there, elf)
    with Session(open_device(built.board, there.url), model=built.project.index) as session:
        hello = session.hello()
    built.require_on(hello)
    progress.stage(f"Starting its service on {there.destination}")
    service = remote.serve(there)
    _hear(built, there, service)
    write_whole(built.project.path, _RECORD, there.url.encode())
    trust.sign(built.project.path, [_RECORD])
    return there.url, hello, service


def end_service(project: Project) -> bool:
    """End the service that `flash` started, and forget where that was; whether there was one."""
    url = recorded_port(project)
    if url is None:
        return False
    stopped = remote.stop(parse_remote(url))
    (project.path / _RECORD).unlink()
    return stopped


def recorded_port(project: Project) -> str | None:
    """Where the program was put last; None where nowhere. UntrustedProject for a record that this
    user's tinygen did not write: it would have us connect to somebody's machine."""
    path = project.path / _RECORD
    if not path.is_file():
        return None
    trust.require_files(project.path, [_RECORD], trusted=False)
    return path.read_text("utf-8")


def no_port(board: Board) -> InputError:
    """For a port that is none of what a program of Linux can have."""
    return InputError(
        f"{board.id} has no port of that kind",
        why="its firmware is a program, which is started for as long as it is talked to, here or "
        "on another machine",
        next_step="leave --port out, or name the machine: --port ssh://USER@HOST",
    )


def _remote(project: Project, url: str) -> Remote:
    return remote.named(parse_remote(url), remote.program_name(project.model))


def _hear(built: Built, there: Remote, service: Service) -> None:
    """DeviceError unless the service answers, with this very firmware."""
    end = time.monotonic() + _SERVICE_SECONDS
    while True:
        try:
            with Session(SshTransport(there, service.port), model=built.project.index) as session:
                built.require_on(session.hello())
        except TinygenError as error:
            if time.monotonic() < end:
                time.sleep(_AGAIN_SECONDS)
                continue
            raise DeviceError(
                f"the program is on {there.destination}, but its service does not answer",
                why="\n".join(part for part in (str(error), remote.log(there)) if part),
                next_step=f"is port {service.port} of its loopback taken? tinygen verify needs no "
                "service",
            ) from error
        return
