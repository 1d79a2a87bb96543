"""Ctrl-C ends a command, whenever it comes.

Python raises KeyboardInterrupt wherever the interpreter happens to be: in a destructor, a callback
of a weak reference, or what a C function asks of an object it drops every exception, and the
command goes on. So it is raised again until somebody has it in hand.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import Any, ClassVar

EXIT_CODE = 130
"""Of a command that was interrupted."""

_AGAIN_SECONDS = 0.2


class Interrupted(KeyboardInterrupt):
    """Ctrl-C. Of KeyboardInterrupt itself the interpreter remembers that it came through `exec`,
    which makes every dataclass, and ends by the signal whatever else is done with it."""

    heard: ClassVar[bool] = False


def listen() -> None:
    """Raise Interrupted at Ctrl-C from now on, in the main thread. Where the caller has it ignored,
    as a shell does for what runs in the background, it stays so."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    signal.signal(signal.SIGALRM, _again)
    signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _unraisable


def over() -> bool:
    """Raise it no more, because it has arrived or the command is at its end; whether it came."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    return Interrupted.heard


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    Interrupted.heard = True
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS, _AGAIN_SECONDS)
    raise Interrupted


def _again(_signal: int, _frame: FrameType | None) -> None:
    error = sys.exc_info()[1]
    while error is not None:
        if isinstance(error, Interrupted):
            return  # somebody is cleaning up because of it
        error = error.__context__
    raise Interrupted


def _unraisable(dropped: Any) -> None:
    if not isinstance(dropped.exc_value, Interrupted):
        sys.__unraisablehook__(dropped)
