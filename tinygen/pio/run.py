"""The only runner of PlatformIO: as a subprocess, in a core folder of tinygen's own."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tinygen import processes
from tinygen.boards import Board, Serial
from tinygen.errors import InputError, ToolchainError
from tinygen.pio.core import OBJECTS, cache_dir, core_dir, environment
from tinygen.pio.elf import check_fit, sizes
from tinygen.pio.log import (
    DAMAGED_OBJECT,
    INSTALLING,
    LINKED_TOO_LARGE,
    WHY_LINES,
    failure,
    no_network,
    upload_failure,
    uploaded_nothing,
)
from tinygen.pio.network import any_answers
from tinygen.pio.plain import plain_folder, plain_project
from tinygen.pio.toolchain import require_toolchain
from tinygen.resources import firmware_dir

_LOG_LINES = 400

_URL = re.compile(r"[a-z+]+://(?:[^/@]*@)?(?P<host>[^/:]+)")
_NETWORK_SECONDS = 3.0


@dataclass(frozen=True)
class UploadResult:
    """A finished upload: wall time in seconds, the last lines of PlatformIO and its uploader."""

    seconds: float
    log_tail: tuple[str, ...]


@dataclass(frozen=True)
class BuildResult:
    """A finished build: the linked firmware, wall time in seconds, PlatformIO's last lines."""

    elf: Path
    seconds: float
    log_tail: tuple[str, ...]


def build(
    project: Path,
    board: Board,
    *,
    env: str | None = None,
    jobs: int | None = None,
    on_line: Callable[[str], None] | None = None,
) -> BuildResult:
    """Build the PlatformIO project in the folder `project`.

    `env` is the environment in platformio.ini (by default the board's id), `jobs` how many
    compilers run at once (by default one per processor); `on_line` gets each line of output.
    ToolchainError if PlatformIO or the compiler fails, DoesNotFit if the linker runs out of memory.
    """
    require_toolchain(board)
    env = env or board.id
    seen = plain_project(project)
    command = ["run", "-d", str(seen), "-e", env]
    if jobs is not None:
        command += ["-j", str(jobs)]
    started = time.monotonic()
    _install(seen, board, env, on_line)
    elf = elf_file(project, env)
    # SCons asks what a file is made of, not what became of it since: it is linked anew.
    elf.unlink(missing_ok=True)
    code, log = _run(command, on_line, _object_cache(board))
    if code != 0 and any(DAMAGED_OBJECT.search(line) for line in log):
        shutil.rmtree(elf.parent, ignore_errors=True)
        code, log = _run(command, on_line)  # not from the objects that projects share
    seconds = time.monotonic() - started
    if code != 0:
        if any(LINKED_TOO_LARGE in line for line in log) and elf.is_file():
            check_fit(sizes(elf, board.memory), board)
        raise failure(log, board, seen)
    if not elf.is_file():
        raise ToolchainError(
            "PlatformIO reported success but left no firmware",
            why=f"there is no {elf}",
            next_step=f"pio run -d {seen}",
        )
    return BuildResult(elf=elf, seconds=seconds, log_tail=tuple(log[-WHY_LINES:]))


def elf_file(project: Path, env: str) -> Path:
    """Where a build of the environment `env` leaves the linked firmware."""
    return project / ".pio" / "build" / env / "firmware.elf"


def upload(
    project: Path,
    board: Board,
    port: str | None = None,
    *,
    env: str | None = None,
    on_line: Callable[[str], None] | None = None,
) -> UploadResult:
    """Put the built firmware of `project` on the hardware `board`, with the board's protocol.

    `port` is the serial port; a board that is reached through a probe or a USB boot loader needs
    none. InputError if it is missing, ToolchainError if PlatformIO or its uploader fails.
    """
    if not isinstance(board.device, Serial):
        raise InputError(
            f"{board.id} is not a board that firmware is uploaded to",
            why=f"its device is of the type {board.device.type}",
            next_step="tinygen flash",
        )
    upload = board.device.upload
    if port is None and upload.needs_port:
        raise InputError(
            f"uploading to {board.id} needs its serial port",
            why=f"the protocol {upload.protocol} goes through it",
            next_step="tinygen flash --port PORT",
        )
    seen = plain_project(project)
    command = ["run", "-d", str(seen), "-e", env or board.id, "-t", "upload"]
    if port is not None and upload.needs_port:
        command += ["--upload-port", port]
    started = time.monotonic()
    code, log = _run(command, on_line)
    if code != 0:
        raise upload_failure(log, board, seen, port)
    if nothing := uploaded_nothing(log, board):
        raise nothing
    return UploadResult(seconds=time.monotonic() - started, log_tail=tuple(log[-WHY_LINES:]))


def _object_cache(board: Board) -> dict[str, str]:
    """The setting that lets projects share compiled objects: a folder per compiler and per version
    and layout of our own sources, because SCons tells flags and contents apart, but not compilers,
    nor where a header lay, which debug information says."""
    if board.toolchain is not None:
        name = f"{board.toolchain.prefix}-gcc"
        told = processes.run([name, "--version"]).stdout
    else:
        name = "registry"
        packages = sorted((core_dir() / "packages").glob("*/package.json"))
        told = b"".join(path.parent.name.encode() + path.read_bytes() for path in packages)
    ours = firmware_dir()
    paths = sorted(path.relative_to(ours).as_posix() for path in ours.rglob("*.[ch]*"))
    told += "\n".join((metadata.version("tinygen"), *paths)).encode()
    key = hashlib.sha256(told).hexdigest()[:16]
    return {
        "PLATFORMIO_BUILD_CACHE_DIR": str(plain_folder(cache_dir()) / OBJECTS / f"{name}-{key}")
    }


def _install(project: Path, board: Board, env: str, on_line: Callable[[str], None] | None) -> None:
    """Have PlatformIO download the board's compiler and framework, once. A build would do so too,
    but then it would not be known before it which compiler's objects can be shared."""
    if board.toolchain is not None:
        return
    digest = hashlib.sha256(board.platformio.platform.encode()).hexdigest()[:16]
    done = core_dir() / "tinygen" / f"installed-{board.platformio.framework}-{digest}"
    if done.exists():
        return
    code, log = _run(["pkg", "install", "-d", str(project), "-e", env], on_line)
    if code != 0:
        raise failure(log, board, project)
    done.parent.mkdir(exist_ok=True)
    done.touch()


def _run(
    arguments: Sequence[str],
    on_line: Callable[[str], None] | None,
    settings: Mapping[str, str] | None = None,
) -> tuple[int, list[str]]:
    """Exit code and last lines of PlatformIO with these arguments."""
    log: deque[str] = deque(maxlen=_LOG_LINES)
    started = processes.python_lines(
        "platformio", *arguments, env=environment() | dict(settings or {})
    )
    with started as process:
        assert process.stdout is not None
        for text in process.stdout:
            line = text.rstrip()
            log.append(line)
            if on_line is not None:
                on_line(line)
            if match := INSTALLING.search(line):
                _require_network(match["what"])
    return process.returncode, list(log)


def registry_hosts() -> list[str]:
    """The names of the machines that PlatformIO's packages come from."""
    import platformio

    return list(platformio.__registry_mirror_hosts__)


def _require_network(package: str) -> None:
    """ToolchainError if `package` cannot be downloaded; PlatformIO would try for a minute."""
    address = _URL.search(package)
    hosts = [address["host"]] if address else registry_hosts()
    if not any_answers(hosts, _NETWORK_SECONDS):
        raise no_network(package, f"{' and '.join(hosts)} did not answer")
