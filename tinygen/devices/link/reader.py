"""Reads what a device tells, which may be anything: numbers and texts, one after the other."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Iterator

from tinygen.errors import DeviceError
from tinygen.printable import printable


class Reader:
    """Goes through bytes from the front. ValueError where they end too soon."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def bytes(self, size: int) -> bytes:
        """The next ones."""
        if size > len(self._data) - self._at:
            raise ValueError(f"it ends after {len(self._data)} bytes")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, code: str) -> int:
        """The next one, of a type by its letter in `struct`."""
        (value,) = struct.unpack(f"<{code}", self.bytes(struct.calcsize(f"<{code}")))
        return int(value)

    def float(self) -> float:
        """The next float32."""
        (value,) = struct.unpack("<f", self.bytes(4))
        return float(value)

    def text(self) -> str:
        """The next text, printable."""
        return printable(self.bytes(self.number("H")).decode())

    def end(self) -> None:
        """ValueError where more follows."""
        if self._at != len(self._data):
            raise ValueError(f"it has {len(self._data) - self._at} bytes too many")


@contextlib.contextmanager
def told(what: str) -> Iterator[None]:
    """A DeviceError where `what` it tells makes no sense."""
    try:
        yield
    except ValueError as error:  # UnicodeDecodeError is one
        raise DeviceError(
            f"the device describes {what} in a way that makes no sense",
            why=str(error),
            next_step="flash firmware built by this tinygen: tinygen flash",
        ) from error
