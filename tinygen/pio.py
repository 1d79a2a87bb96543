"""The only runner of PlatformIO: as a subprocess, in a core folder of tinygen's own."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tinygen.boards import Board
from tinygen.elf import check_fit, sizes
from tinygen.errors import InputError, ToolchainError
from tinygen.pio_log import (
    INSTALLING,
    LINKED_TOO_LARGE,
    WHY_LINES,
    failure,
    no_network,
    upload_failure,
)
from tinygen.reach import any_answers
from tinygen.toolchain import require_toolchain

_LOG_LINES = 400

_SCONS = """\
import os

from SCons.Environment import Base
from SCons.Script import main

record_in = Base.SConsignFile


def record_beside_what_is_built(env, name, *arguments):
    # PlatformIO puts the record of what was built of what beside the objects that projects share.
    # Their paths in their projects are the same: one's would pass for the other's.
    record_in(env, os.path.join("$BUILD_DIR", os.path.basename(name)), *arguments)


Base.SConsignFile = record_beside_what_is_built
main()
"""
"""The build tool as PlatformIO starts it."""

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
    command = ["run", "-d", str(project), "-e", env]
    if jobs is not None:
        command += ["-j", str(jobs)]
    started = time.monotonic()
    _install(project, board, env, on_line)
    code, log = _run(command, on_line, _object_cache(board))
    seconds = time.monotonic() - started
    elf = project / ".pio" / "build" / env / "firmware.elf"
    if code != 0:
        if any(LINKED_TOO_LARGE in line for line in log) and elf.is_file():
            check_fit(sizes(elf, board.memory), board)
        raise failure(log, board, project)
    if not elf.is_file():
        raise ToolchainError(
            "PlatformIO reported success but left no firmware",
            why=f"there is no {elf}",
            next_step=f"pio run -d {project}",
        )
    return BuildResult(elf=elf, seconds=seconds, log_tail=tuple(log[-WHY_LINES:]))


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
    if board.upload is None:
        raise InputError(
            f"{board.id} is not a board that firmware is uploaded to",
            why="its board file has no [upload]",
            next_step="tinygen flash",
        )
    if port is None and board.upload.needs_port:
        raise InputError(
            f"uploading to {board.id} needs its serial port",
            why=f"the protocol {board.upload.protocol} goes through it",
            next_step="tinygen flash --port PORT",
        )
    command = ["run", "-d", str(project), "-e", env or board.id, "-t", "upload"]
    if port is not None and board.upload.needs_port:
        command += ["--upload-port", port]
    started = time.monotonic()
    code, log = _run(command, on_line)
    if code != 0:
        raise upload_failure(log, board, project, port)
    return UploadResult(seconds=time.monotonic() - started, log_tail=tuple(log[-WHY_LINES:]))


def cache_dir() -> Path:
    """Where tinygen keeps what can be made again: TINYGEN_CACHE, or the user's cache folder."""
    return Path(
        os.environ.get("TINYGEN_CACHE") or platformdirs.user_cache_dir("tinygen")
    ).absolute()


def core_dir() -> Path:
    """PlatformIO's core folder for this version, ready to build with no network."""
    version = importlib.metadata.version("platformio")
    core = cache_dir() / f"platformio-{version}"
    if not (core / "packages" / "tool-scons").is_dir():
        _prepare_scons(core)
    scons = core / "packages" / "tool-scons" / "scons.py"
    if scons.read_text(encoding="utf-8") != _SCONS:  # an older tinygen's
        _write_atomically(scons, _SCONS)
    if not (core / "appstate.json").exists():
        # Without a last version PlatformIO greets a newcomer in the middle of the output.
        _write_atomically(core / "appstate.json", json.dumps({"last_version": version}))
    return core


def environment() -> dict[str, str]:
    """The environment PlatformIO runs in: the user's, without the user's PlatformIO settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PLATFORMIO_")}
    return kept | {
        "LC_ALL": "C.UTF-8",  # the messages looked for are English
        "PYTHONDONTWRITEBYTECODE": "1",  # no __pycache__ beside the project's platform
        "PLATFORMIO_CORE_DIR": str(core_dir()),
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_NO_ANSI": "true",
        "PLATFORMIO_DISABLE_PROGRESSBAR": "true",
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    }


def _object_cache(board: Board) -> dict[str, str]:
    """The setting that lets projects share compiled objects: a folder per compiler, because SCons
    tells flags and sources apart but not compilers."""
    if board.toolchain is not None:
        name = f"{board.toolchain.prefix}-gcc"
        told = subprocess.run([name, "--version"], capture_output=True, check=False).stdout
    else:
        name = "registry"
        packages = sorted((core_dir() / "packages").glob("*/package.json"))
        told = b"".join(path.parent.name.encode() + path.read_bytes() for path in packages)
    key = hashlib.sha256(told).hexdigest()[:16]
    return {"PLATFORMIO_BUILD_CACHE_DIR": str(cache_dir() / "objects" / f"{name}-{key}")}


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
    """Exit code and last lines of `python -m platformio` with these arguments."""
    log: deque[str] = deque(maxlen=_LOG_LINES)
    with subprocess.Popen(
        [sys.executable, "-m", "platformio", *arguments],
        env=environment() | dict(settings or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            for text in process.stdout:
                line = text.rstrip()
                log.append(line)
                if on_line is not None:
                    on_line(line)
                if match := INSTALLING.search(line):
                    _require_network(match["what"])
        except BaseException:
            process.terminate()
            raise
    return process.returncode, list(log)


def _require_network(package: str) -> None:
    """ToolchainError if `package` cannot be downloaded; PlatformIO would try for a minute."""
    import platformio

    address = _URL.search(package)
    hosts = [address["host"]] if address else platformio.__registry_mirror_hosts__
    if not any_answers(hosts, _NETWORK_SECONDS):
        raise no_network(package, f"{' and '.join(hosts)} did not answer")


def _prepare_scons(core: Path) -> None:
    """Put SCons, as installed from PyPI, where PlatformIO expects its package tool-scons.

    PlatformIO takes a package in this folder as its own if name, version and owner are right, and
    then downloads nothing. Built aside and renamed, so that two processes may do it at once.
    """
    from platformio.dependencies import get_core_dependencies

    version = get_core_dependencies()["tool-scons"].lstrip("~^>=")
    spec = {"owner": "platformio", "id": None, "name": "tool-scons"}
    files = {
        "package.json": {"name": "tool-scons", "version": version},
        ".piopm": {
            "type": "tool",
            "name": "tool-scons",
            "version": version,
            "spec": spec | {"requirements": None, "uri": None},
        },
    }
    packages = core / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix="tool-scons-", dir=core))
    aside.chmod(0o755)
    for name, content in files.items():
        (aside / name).write_text(json.dumps(content), encoding="utf-8")
    (aside / "scons.py").write_text(_SCONS, encoding="utf-8")
    try:
        aside.rename(packages / "tool-scons")
    except OSError:
        shutil.rmtree(aside, ignore_errors=True)
        if not (packages / "tool-scons").is_dir():
            raise


def _write_atomically(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    with contextlib.suppress(OSError):
        Path(name).replace(path)
