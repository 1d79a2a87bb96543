"""A line that damages what it carries: the kinds of fault, at a rate, from a seed."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tinygen.devices.link import Transport
from tinygen.devices.link.faults import Disconnected

KINDS = ("drop", "duplicate", "flip", "inject", "split", "delay", "close")
RATES = (1 / 1000, 1 / 300, 1 / 100, 1 / 50, 1 / 20)
_LONGEST_DELAY = 3.0
_LONGEST_NOISE = 40


@dataclass(frozen=True)
class Piece:
    """Bytes that travel together, and how long after the ones before; None: the line breaks."""

    data: bytes | None
    delay: float = 0.0


class Faults:
    """`rate` is the chance of a fault at each byte, of one kind or, with `mixed`, of any."""

    def __init__(self, kind: str, rate: float, seed: int) -> None:
        self._kinds = KINDS if kind == "mixed" else (kind,)
        self._rate = rate
        self._random = random.Random(f"{kind} {rate} {seed}")
        self.count = 0

    def carry(self, data: bytes) -> Iterator[Piece]:
        """What arrives of `data`, in order."""
        piece = bytearray()
        delay = 0.0
        for byte in data:
            if self._random.random() >= self._rate:
                piece.append(byte)
                continue
            self.count += 1
            match self._random.choice(self._kinds):
                case "drop":
                    pass
                case "duplicate":
                    piece += bytes([byte, byte])
                case "flip":
                    piece.append(byte ^ 1 << self._random.randrange(8))
                case "inject":
                    piece += self._random.randbytes(self._random.randint(1, _LONGEST_NOISE))
                    piece.append(byte)
                case "close":
                    yield Piece(bytes(piece), delay)
                    yield Piece(None)
                    return
                case kind:  # split and delay: what follows travels alone
                    yield Piece(bytes(piece), delay)
                    delay = self._random.random() * _LONGEST_DELAY if kind == "delay" else 0.0
                    piece = bytearray([byte])
        yield Piece(bytes(piece), delay)


class FaultyLine:
    """A transport over a device whose silence takes no time, and with faults both ways.

    `clock` is the device's; `wait` lets time pass on it. A line that broke stays so.
    """

    byte_seconds = 0.0

    def __init__(
        self,
        device: Transport,
        faults: Faults,
        clock: Callable[[], float],
        wait: Callable[[float], None],
    ) -> None:
        self.name = "a faulty line"
        self._device = device
        self._faults = faults
        self._clock = clock
        self._wait = wait
        self._to_device: deque[tuple[float, bytes]] = deque()
        self._to_host: deque[tuple[float, bytes]] = deque()
        self._broken = False

    def write(self, data: bytes) -> None:
        self._check()
        self._enter(self._to_device, data)
        self._deliver()
        self._check()

    def read(self, timeout: float) -> bytes:
        end = self._clock() + max(0.0, timeout)
        while True:
            self._deliver()
            if data := self._device.read(0.0):
                self._enter(self._to_host, data)
            if self._to_host and self._to_host[0][0] <= self._clock():
                return self._to_host.popleft()[1]
            self._check()
            due = [queue[0][0] for queue in (self._to_device, self._to_host) if queue]
            next_time = min([end, *due])
            self._wait(max(0.0, next_time - self._clock()))
            if next_time >= end:
                return b""

    def close(self) -> None:
        """The device outlives its conversations."""

    def _enter(self, queue: deque[tuple[float, bytes]], data: bytes) -> None:
        for piece in self._faults.carry(data):
            if piece.data is None:
                self._broken = True
            elif piece.data:
                before = queue[-1][0] if queue else self._clock()
                queue.append((max(before, self._clock()) + piece.delay, piece.data))

    def _deliver(self) -> None:
        while self._to_device and self._to_device[0][0] <= self._clock():
            self._device.write(self._to_device.popleft()[1])

    def _check(self) -> None:
        if self._broken:
            raise Disconnected("the connection to a faulty line broke", why="a fault", next_step="")
