"""One input in a process of its own: 2 GB more than at its start, ten seconds, no program."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygen.errors import TinygenError

SECONDS = 10
"""Of processor time: the clock of a busy machine says nothing of an input."""
BYTES = 2 << 30
_HANG_SECONDS = 120

_PROGRAMS = {"os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn", "subprocess.Popen"}
_COMPILERS = (["gcc"], ["arm-none-eabi-gcc"], ["qemu-system-arm"])
"""What the targets start themselves, of what they have written."""
_CLEAN = 0
_BUG = 70


@dataclass(frozen=True)
class Outcome:
    """`kind` is what the target said, `refused` for a clean error, else what went wrong."""

    kind: str
    detail: str = ""
    bytes: int = 0

    @property
    def bad(self) -> bool:
        return self.kind in ("traceback", "crash", "memory", "time", "executed", "wrong")


_ours: list[str] = []
"""The program that the target itself has compiled, and may run."""


class Wrong(Exception):
    """What was accepted and must not have been."""


class Executed(BaseException):
    """A program was about to run."""


def run(target: Callable[[bytes, Callable[[str], None]], str], content: bytes) -> Outcome:
    """What `target` makes of `content`. It may call its second argument with the name of a stage
    that may crash without being at fault, as somebody else's library in a process of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _child(target, content, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode().splitlines()
    _, status, usage = os.wait4(pid, 0)
    told = [json.loads(line) for line in said]
    outcome = next((Outcome(**t) for t in told if "kind" in t), None)
    stage = next((t["stage"] for t in reversed(told) if "stage" in t), "")
    size = usage.ru_maxrss * 1024
    if outcome is not None:
        return Outcome(outcome.kind, outcome.detail, size)
    if stage:
        return Outcome(f"{stage} crashed", str(status), size)
    number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    late = number in (signal.SIGXCPU, signal.SIGALRM, signal.SIGKILL)
    return Outcome("time" if late else "crash", f"signal {number}, status {status}", size)


def _child(target: Callable[..., str], content: bytes, pipe: int) -> None:
    def tell(**value: Any) -> None:
        os.write(pipe, json.dumps(value).encode() + b"\n")

    try:
        _limit()
        kind = target(content, lambda stage: tell(stage=stage))
        tell(kind=kind)
    except TinygenError as error:
        ok = bool(error.what) and "\n" not in error.what
        tell(
            kind="refused" if ok else "wrong", detail=f"{type(error).__name__}: {error.what}"[:200]
        )
    except Executed as error:
        tell(kind="executed", detail=str(error)[:200])
    except Wrong as error:
        tell(kind="wrong", detail=str(error)[:300])
    except MemoryError:
        tell(kind="memory", detail=_last_frames())
    except BaseException as error:
        tell(kind="traceback", detail=f"{type(error).__name__}: {error}"[:200] + _last_frames())
    finally:
        os._exit(0)


def _limit() -> None:
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(_HANG_SECONDS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))
    sys.addaudithook(_watch)


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse every program but tinygen's own isolated Python."""
    if event in _PROGRAMS:
        command = [str(a) for a in arguments[1]] if event == "subprocess.Popen" else []
        if (
            command[:2] == [sys.executable, "-I"]
            or command[:1] in _COMPILERS
            or (_ours and command == _ours)
        ):
            return
        raise Executed(f"{event} {arguments!r}")
    if event == "pickle.find_class":
        raise Executed(f"{event} {arguments!r}")


def _last_frames() -> str:
    with contextlib.suppress(Exception):
        frames = traceback.extract_tb(sys.exc_info()[2])[-3:]
        return "".join(f" | {Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    return ""
