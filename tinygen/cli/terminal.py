"""The standard streams: there, able to show any text, and maybe with nobody who reads them."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator


def prepare() -> None:
    """Open what the caller closed, and show as an escape what the encoding does not have."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file that is opened is what everybody prints into.
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextlib.contextmanager
def reader_may_leave() -> Iterator[None]:
    """For printing a result: after `| head` has gone, the exit code is still the result's."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
