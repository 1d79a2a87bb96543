"""What `build` and `inspect` take again instead of making it anew, by the content of all it comes
from: int8 models and vectors."""

from __future__ import annotations

import contextlib
import io
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import numpy as np

from tinygen.errors import InputError
from tinygen.ir import Array
from tinygen.pio import core
from tinygen.printable import printable
from tinygen.progress import Progress
from tinygen.store import Store

MODELS = "models"
"""The folder in the cache of int8 models and vectors."""
LIMIT_SETTING = "TINYGEN_CACHE_MB"
"""Environment variable: how large that folder may become, in MB; 0 keeps nothing."""
LIMIT_MB = 512

_T = TypeVar("_T")


class Told:
    """A progress whose notes and warnings are kept, to be told again."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.said: list[tuple[str, str]] = []

    def stage(self, title: str) -> None:
        self._progress.stage(title)

    def note(self, text: str) -> None:
        self.said.append(("note", text))
        self._progress.note(text)

    def warn(self, text: str) -> None:
        self.said.append(("warning", text))
        self._progress.warn(text)

    def count(self, done: int, total: int) -> None:
        self._progress.count(done, total)


@dataclass(frozen=True)
class _Record:
    said: tuple[tuple[str, str], ...]
    content: bytes


def recall(
    key: str | None, title: str, progress: Progress, read: Callable[[bytes], _T]
) -> _T | None:
    """What was kept under `key`, read, with what was told while it was made; None where nothing is
    that can be read. The stage is called `title`."""
    place = store()
    if key is None or place is None or (entry := place.get(key)) is None:
        return None
    try:
        record = msgspec.msgpack.decode(entry.content, type=_Record)
        value = read(record.content)
    except Exception:  # an entry of another make: it is made anew
        return None
    progress.stage(title)
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.made))
    progress.note(f"taken from the cache, made {made} of the same files (--no-cache makes it anew)")
    for kind, text in record.said:
        (progress.warn if kind == "warning" else progress.note)(text)
    return value


def keep(key: str | None, content: bytes, told: Told) -> None:
    """Keep `content` under `key`. Where that cannot be, it is told once and costs nothing else."""
    place = store()
    if key is None or place is None:
        return
    place.put(key, msgspec.msgpack.encode(_Record(tuple(told.said), content)))
    if place.trouble and place.trouble not in _told:
        _told.add(place.trouble)
        told.warn(f"the cache keeps nothing: {printable(place.trouble)}")


_told: set[str] = set()


def store() -> Store | None:
    """Where it lies; None where a setting keeps nothing."""
    limit = os.environ.get(LIMIT_SETTING) or str(LIMIT_MB)
    if not limit.isascii() or not limit.isdigit():
        raise InputError(
            f"{LIMIT_SETTING} is {printable(limit)}",
            why="it is how many MB of int8 models and vectors the cache keeps",
            next_step=f"unset it, or set it to a number: {LIMIT_SETTING}={LIMIT_MB}",
        )
    return Store(core.cache_dir() / MODELS, int(limit) << 20) if int(limit) else None


def arrays_to_bytes(arrays: tuple[Array, ...]) -> bytes:
    """Arrays as an .npz that is not compressed."""
    file = io.BytesIO()
    np.savez(file, *arrays)
    return file.getvalue()


def arrays_of_bytes(content: bytes) -> tuple[Array, ...]:
    """The arrays of such an .npz."""
    with contextlib.closing(np.load(io.BytesIO(content), allow_pickle=False)) as found:
        return tuple(found[f"arr_{i}"] for i in range(len(found.files)))
