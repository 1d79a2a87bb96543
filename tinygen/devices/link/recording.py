"""Every byte of a conversation, in a file: written by `--spy`, and read again as a device.

One line for each piece of bytes: seconds since the start, `>` to the device or `<` from it, the
bytes in hexadecimal; `!` and words where the connection broke.
"""

from __future__ import annotations

import io
import struct
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import IO

from tinygen.devices.link.faults import Disconnected
from tinygen.devices.link.frames import ANSWER, Decoder, decode, encode
from tinygen.devices.link.replay import ReplayTransport
from tinygen.devices.link.transport import Rated, Transport
from tinygen.errors import DeviceError, InputError

SCHEME = "replay:"
"""What a port's name begins with that is a recording."""

_TITLE = "# tinygen recording 1: seconds, > to the device or < from it, bytes"
_NAMES = struct.Struct("<HI")  # session and sequence, in every head
_NAMES_AT = 2
_MAX_BYTES = 1 << 30


def open_recording(path: Path) -> IO[str]:
    """A file for SpyTransport; InputError when it cannot be written."""
    try:
        file = path.open("w", encoding="ascii")
        file.write(f"{_TITLE}\n")
    except OSError as error:
        raise InputError(
            f"the recording {path} cannot be written",
            why=str(error),
            next_step="name another file: --spy FILE",
        ) from error
    return file


class SpyTransport:
    """Passes everything on, and writes it down with its time."""

    def __init__(
        self, inner: Transport, file: IO[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = inner.name
        self._inner = inner
        self._file = file
        self._clock = clock
        self._start = clock()

    def read(self, timeout: float) -> bytes:
        try:
            data = self._inner.read(timeout)
        except DeviceError as error:
            self._note("!", ascii(error.what))
            raise
        if data:
            self._note("<", data.hex())
        return data

    def write(self, data: bytes) -> None:
        self._note(">", data.hex())
        try:
            self._inner.write(data)
        except DeviceError as error:
            self._note("!", ascii(error.what))
            raise

    @property
    def baud(self) -> int:
        """Of the line beneath; 0 where that has none."""
        return self._inner.baud if isinstance(self._inner, Rated) else 0

    @property
    def byte_seconds(self) -> float:
        return self._inner.byte_seconds

    def change_baud(self, baud: int) -> None:
        if isinstance(self._inner, Rated):
            self._inner.change_baud(baud)

    def close(self) -> None:
        self._file.flush()
        self._inner.close()

    def _note(self, way: str, what: str) -> None:
        self._file.write(f"{self._clock() - self._start:.6f} {way} {what}\n")


class RecordedTransport(ReplayTransport):
    """A recorded device. What is asked now is answered as what was asked then.

    Sessions and sequence numbers are new in every conversation: a request takes those of the
    recorded one that came at its place, and the answers' are put back. Silence takes no real time:
    give `clock` to the session. Where the recording has ended there is only silence. `baud` is the
    rate that the line had at first.
    """

    def __init__(self, path: Path, baud: int = 0) -> None:
        super().__init__(self._answer, name=f"{SCHEME}{path}")
        self.baud = baud
        self._events = deque(_events(path))
        self._live, self._recorded, self._answers = Decoder(), Decoder(), bytearray()
        self._names: dict[bytes, bytes] = {}  # of then -> of now
        self._asked: deque[bytes] = deque()
        self._waiting = self._until_asked()

    def change_baud(self, baud: int) -> None:
        """The recorded line did."""
        self.baud = baud

    def read(self, timeout: float) -> bytes:
        data = super().read(timeout)
        if not data and self._events and self._events[0][0] == "!":
            self._events.popleft()
            raise Disconnected(f"the connection to {self.name} broke", why="as in the recording")
        return data

    def _answer(self, data: bytes) -> bytes:
        self._asked += [_names(content) for content in self._live.feed(data)]
        answers = b""
        while self._asked and self._events and self._events[0][0] == ">":
            for content in self._recorded.feed(self._events.popleft()[1]):
                if self._asked:
                    self._names[_names(content)] = self._asked.popleft()
            answers += self._until_asked()
        return answers

    def _until_asked(self) -> bytes:
        """What the device said then, up to the next request or the break."""
        said = b""
        while self._events and self._events[0][0] == "<":
            self._answers += self._events.popleft()[1]
        *ended, rest = bytes(self._answers).split(b"\0")
        self._answers = bytearray(rest)
        for encoded in ended:
            said += self._of_now(encoded) + b"\0"
        return said

    def _of_now(self, encoded: bytes) -> bytes:
        content = decode(encoded) if encoded else None
        if content is None or len(content) <= 8 or not content[1] & ANSWER:
            return encoded
        names = self._names.get(_names(content))
        if names is None:
            return encoded
        return encode(content[:_NAMES_AT] + names + content[_NAMES_AT + _NAMES.size :]).strip(b"\0")


def _names(content: bytes) -> bytes:
    return content[_NAMES_AT : _NAMES_AT + _NAMES.size]


def _events(path: Path) -> list[tuple[str, bytes]]:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("it is larger than a gigabyte")
        with path.open(encoding="ascii") as file:
            return _parsed(file)
    except (OSError, ValueError) as error:  # UnicodeDecodeError is one
        raise InputError(
            f"{path} cannot be played: it is no recording of tinygen",
            why=str(error),
            next_step="make one: tinygen verify --spy FILE",
        ) from error


def _parsed(file: io.TextIOBase | IO[str]) -> list[tuple[str, bytes]]:
    if file.readline().rstrip("\n") != _TITLE:
        raise ValueError(f"its first line is not: {_TITLE}")
    events = []
    for number, line in enumerate(file, start=2):
        seconds, way, what = line.rstrip("\n").split(" ", 2)
        if way not in ("<", ">", "!") or not float(seconds) >= 0:
            raise ValueError(f"line {number} makes no sense")
        events.append((way, b"" if way == "!" else bytes.fromhex(what)))
    return events
