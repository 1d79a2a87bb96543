"""One process at a time, where two would disturb each other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from tinygen.errors import InputError


@contextlib.contextmanager
def alone(lock: Path, what: str) -> Iterator[None]:
    """Hold the file `lock`, which stays, for as long as this lasts. The system lets go of it
    however this process ends.

    Raises InputError where another process holds it: that is at `what`.
    """
    import fcntl

    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(
                f"another `{what}` is at work in {lock.parent}",
                why="two would disturb each other",
                next_step="wait for its end, or give another folder",
            ) from error
        yield
