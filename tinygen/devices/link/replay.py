"""A device that is a function: for tests and for recorded conversations. Takes no real time."""

from __future__ import annotations

from collections.abc import Callable


class ReplayTransport:
    """Answers each write with what `respond` returns for it.

    When nothing is left to read, a read lets its timeout pass on the transport's own clock:
    give `clock` to the session.
    """

    byte_seconds = 0.0

    def __init__(self, respond: Callable[[bytes], bytes], name: str = "replay") -> None:
        self.name = name
        self.closed = False
        self._respond = respond
        self._waiting = b""
        self._now = 0.0

    def clock(self) -> float:
        """Seconds that reads have waited so far."""
        return self._now

    def read(self, timeout: float) -> bytes:
        data, self._waiting = self._waiting, b""
        if not data:
            self._now += max(0.0, timeout)
        return data

    def write(self, data: bytes) -> None:
        self._waiting += self._respond(data)

    def close(self) -> None:
        self.closed = True
