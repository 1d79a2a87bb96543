"""What took time, kept by content in a folder of the cache: an entry per key, each with a checksum.

    store = Store(folder, limit_bytes)
    store.put(key, content)
    entry = store.get(key)

Processes may share a folder: an entry appears whole, in one step, or not at all. What cannot be
read or written costs the time that it would have saved, and nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_MAGIC = b"tinygen kept 1\n"
_SUM = 32
"""Bytes of a SHA-256."""
_PART = ".part"
_ABANDONED_SECONDS = 3600.0
"""After so long nobody writes at a part any more: its writer was killed."""


@dataclass(frozen=True)
class Entry:
    """What was kept, and when that was, in seconds since 1970."""

    content: bytes
    made: float


class Store:
    """Entries by key, which is a file name, in a folder that stays below `limit_bytes`: the ones
    that nobody asked for longest make room."""

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self.trouble = ""
        """Why something could not be kept, empty where all could."""

    def get(self, key: str) -> Entry | None:
        """The entry; None where there is none, or none that is whole."""
        path = self._folder / key
        try:
            data = path.read_bytes()
        except OSError:
            return None
        head = len(_MAGIC)
        made, content = data[head + _SUM : head + _SUM + 8], data[head + _SUM + 8 :]
        summed = hashlib.sha256(key.encode() + made + content).digest()
        if data[:head] != _MAGIC or data[head : head + _SUM] != summed:
            with contextlib.suppress(OSError):
                path.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # asked for now
        return Entry(content, int.from_bytes(made, "little") / 1000)

    def put(self, key: str, content: bytes) -> None:
        """Keep `content`, unless there is no room or no right to write: `trouble` says so then."""
        made = int(time.time() * 1000).to_bytes(8, "little")
        summed = hashlib.sha256(key.encode() + made + content).digest()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(suffix=_PART, dir=self._folder)
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(_MAGIC + summed + made + content)
                Path(name).replace(self._folder / key)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._make_room()
        except OSError as error:
            self.trouble = f"{self._folder}: {error.strerror or error}"

    def _make_room(self) -> None:
        found = sorted(self._files())
        size = sum(size for _, size, _ in found)
        long_ago = time.time() - _ABANDONED_SECONDS
        for asked, bytes_, path in found:
            part = path.suffix == _PART
            if (size <= self._limit and not part) or (part and asked > long_ago):
                continue
            path.unlink(missing_ok=True)
            size -= bytes_

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each was last asked for, its bytes and its path."""
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):  # another process made room
                state = path.stat()
                yield state.st_mtime, state.st_size, path
