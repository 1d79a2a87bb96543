"""The one place that starts other programs, and what they inherit.

A person's folder may hold a `random.py`, and a person's shell may set `CPATH`: neither may change
what a build is. So a program starts in a folder that is nobody's, with an environment without what
would reach Python, PlatformIO, SCons or a compiler; Python starts isolated.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Popen = subprocess.Popen
TimeoutExpired = subprocess.TimeoutExpired
CompletedProcess = subprocess.CompletedProcess

NOWHERE = Path(sys.prefix).anchor
"""The folder that programs start in: nothing of the user's lies there."""

_BOOTSTRAP = Path(__file__).with_name("isolated.py")

_NOT_INHERITED = re.compile(
    r"(PYTHON|PLATFORMIO_|SCONS|GIT_|QEMU_|CMAKE_|IDF_|GCC_|COLLECT_|CCACHE_).*"
    r"|(C|CPLUS|OBJC|OBJCPLUS)_INCLUDE_PATH|CPATH|LIBRARY_PATH|COMPILER_PATH"
    r"|DEPENDENCIES_OUTPUT|SUNPRO_DEPENDENCIES|SOURCE_DATE_EPOCH|LD_RUN_PATH|LDEMULATION"
    r"|(C|CXX|CPP|AS|LD|AR|MAKE|M)FLAGS|CC|CXX|CPP|AS|LD|AR|NM|RANLIB|OBJCOPY|MAKELEVEL"
    r"|BASH_ENV|ENV|CDPATH|LANGUAGE"
)

_STOP_SECONDS = 3.0


def environment() -> dict[str, str]:
    """What a program inherits of the user's environment. Messages are English."""
    kept = {k: v for k, v in os.environ.items() if not _NOT_INHERITED.fullmatch(k)}
    return kept | {"LC_ALL": "C.UTF-8", "PATH": _search_path()}


def which(program: str) -> str | None:
    """Where `program` lies on PATH; never in the current folder."""
    return shutil.which(program, path=_search_path())


def run(
    command: Sequence[str],
    settings: Mapping[str, str] | None = None,
    *,
    input: bytes = b"",
    timeout: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run `command` to its end, with `input` on its standard input and `settings` added to its
    environment. Raises OSError when it cannot be started, TimeoutExpired after `timeout` seconds.
    """
    return subprocess.run(
        command,
        cwd=NOWHERE,
        env=environment() | dict(settings or {}),
        input=input,
        capture_output=True,
        timeout=timeout,
        check=False,
    )


def run_python(
    target: str, *arguments: str, input: bytes, timeout: float, python: Path | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a module, or a script by its path, in an isolated Python that ends when this one does:
    this one's interpreter, or another, `python`, which sees tinygen and its own packages only.

    Raises TimeoutExpired after `timeout` seconds.
    """
    with _python(target, arguments, python=python) as (command, lifeline):
        return subprocess.run(
            command,
            cwd=NOWHERE,
            env=environment(),
            input=input,
            capture_output=True,
            timeout=timeout,
            check=False,
            pass_fds=(lifeline,),
        )


@contextlib.contextmanager
def python_lines(
    module: str, *arguments: str, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[str]]:
    """An isolated Python that runs `module`, its output and errors together on `stdout`.

    However this process ends, that one ends too, with all that it has started: the compilers of a
    build that was interrupted.
    """
    with (
        _python(module, arguments, leads=True) as (command, lifeline),
        subprocess.Popen(
            command,
            cwd=NOWHERE,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            pass_fds=(lifeline,),
            start_new_session=True,
        ) as process,
    ):
        try:
            yield process
        except BaseException:
            _end_group(process)
            raise


class Calls:
    """Isolated Pythons that answer requests, from several threads, and can all be ended."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._over = False

    def python(self, module: str, request: bytes) -> tuple[int, bytes, bytes]:
        """Run `module` with the request on its standard input: its exit code, its output, and what
        it said beside that."""
        with _python(module, (), leads=True) as (command, lifeline):
            with self._lock:
                if self._over:
                    return -signal.SIGTERM, b"", b"it was not begun"
                process = subprocess.Popen(
                    command,
                    cwd=NOWHERE,
                    env=environment(),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    pass_fds=(lifeline,),
                    start_new_session=True,
                )
                self._running.add(process)
            try:
                output, said = process.communicate(request)
            finally:
                self._running.discard(process)
            return process.returncode, output, said

    def end(self) -> None:
        """End those that run, with all that they have started, and begin no more."""
        with self._lock:
            self._over = True
            running = list(self._running)
        for process in running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in running:
            _end_group(process)


def start(
    command: Sequence[str],
    *,
    stderr: int,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command`, its standard input and output in our hands. Raises OSError if it cannot."""
    return subprocess.Popen(
        command,
        cwd=NOWHERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=environment() if env is None else env,
        pass_fds=pass_fds,
        bufsize=0,
    )


def detach(command: tuple[str, ...], log: Path) -> int:
    """Start `command` in a session of its own, its output in the file `log`; its process id.

    It outlives this process, and inherits the descriptors that are inheritable.
    """
    return os.posix_spawn(
        command[0],
        command,
        environment(),
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
    )


def _current_folder() -> str:
    """The current folder, or nothing where it has been removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return ""


def detach_python(script: Path, *arguments: str) -> int:
    """Start an isolated Python that runs `script` and outlives this process; its process id."""
    command = (*_isolated(None, leads=True), str(script), *arguments)
    return detach(command, Path(os.devnull))


@contextlib.contextmanager
def _python(
    target: str, arguments: Sequence[str], *, leads: bool = False, python: Path | None = None
) -> Iterator[tuple[list[str], int]]:
    """The command of an isolated Python, and the end of a pipe that it is to inherit.

    The other end is only ours: when the system closes it, whatever the reason, we are gone, and
    the child ends, with its process group if it `leads` one.
    """
    theirs, ours = os.pipe()
    try:
        yield [*_isolated(theirs, leads=leads, python=python), target, *arguments], theirs
    finally:
        os.close(ours)
        os.close(theirs)


def _isolated(lifeline: int | None, *, leads: bool, python: Path | None = None) -> list[str]:
    here = _current_folder()
    ours = [entry for entry in sys.path if Path(entry).is_absolute() and entry != here]
    told = {
        "package": str(Path(__file__).parent),
        "path": ours if python is None else [],
        "lifeline": lifeline,
        "leads": leads,
    }
    return [
        str(python or sys.executable),
        "-I",
        "-B",
        "-X",
        "utf8",
        str(_BOOTSTRAP),
        json.dumps(told),
    ]


def _end_group(process: subprocess.Popen[Any]) -> None:
    """End the process group that `process` leads."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)


def _search_path() -> str:
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(entry for entry in entries if Path(entry).is_absolute())
