"""How much of a serial line the transfer uses, on a line whose bytes take their time: no real time.

Bytes of tensors over what the line could have carried while they were on the way.
"""

from __future__ import annotations

from collections import deque
from functools import cache
from pathlib import Path

import pytest

from tests.protocol import protocol_device as pd
from tinygen.devices.link import Session

BAUD = 115_200
BYTE_SECONDS = 10 / BAUD
TENSOR = 20_000
_CHUNK = 8
"""Bytes that a line hands over at once."""


class _Way:
    """One direction: a byte arrives when those before it have, `latency` later."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._free = 0.0
        self.waiting: deque[tuple[float, bytes]] = deque()

    def enter(self, data: bytes, now: float) -> None:
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK]
            self._free = max(self._free, now) + len(chunk) * BYTE_SECONDS
            self.waiting.append((self._free + self._latency, chunk))

    def due(self, now: float) -> bytes:
        data = b""
        while self.waiting and self.waiting[0][0] <= now:
            data += self.waiting.popleft()[1]
        return data


class SerialLine:
    """A full-duplex line of 115,200 baud to a device that computes at once."""

    byte_seconds = BYTE_SECONDS

    def __init__(self, device: pd.Lockstep, latency: float) -> None:
        self.name = "115,200 baud"
        self.now = 0.0
        self._device = device
        self._there, self._back = _Way(latency), _Way(latency)

    def clock(self) -> float:
        return self.now

    def write(self, data: bytes) -> None:
        self._there.enter(data, self.now)

    def read(self, timeout: float) -> bytes:
        end = self.now + timeout
        while True:
            if data := self._there.due(self.now):
                self._device.write(data)
                while answer := self._device.read(0.0):
                    self._back.enter(answer, self.now)
            if data := self._back.due(self.now):
                return data
            ahead = [way.waiting[0][0] for way in (self._there, self._back) if way.waiting]
            self.now = min([end, *ahead])
            if self.now >= end:
                return b""

    def close(self) -> None:
        self._device.close()


@cache
def program(folder: Path, payload: int, window: int) -> Path:
    sizes = [f"-DIMAGE={TENSOR}u", f"-DSCORES={TENSOR}u"]
    board = [f"-DTG_PAYLOAD_BYTES={payload}u", f"-DTG_WINDOW={window}u"]
    return pd.compile_device(folder / f"{payload}-{window}", pd.DIALECTS[0], sizes + board)


def efficiency(folder: Path, payload: int, window: int, latency: float) -> float:
    line = SerialLine(pd.Lockstep(program=program(folder, payload, window)), latency)
    with Session(line, clock=line.clock) as session:
        session.hello()
        start = line.now
        session.infer([bytes(i % 251 for i in range(TENSOR)), b"\1\2\3"])
        assert session.retries == 0
    return 2 * TENSOR * BYTE_SECONDS / (line.now - start)


@pytest.fixture(scope="module", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rate")


@pytest.mark.parametrize(
    ("payload", "window", "latency", "least"),
    [
        (256, 4, 0.001, 0.90),  # a UART behind a USB bridge
        (1024, 4, 0.001, 0.96),
        (4096, 4, 0.001, 0.97),
        (256, 4, 0.016, 0.90),  # an FTDI bridge that has not been told to hurry
        # A port that cannot receive while it sends waits for each answer.
        (1024, 1, 0.001, 0.93),
        (32, 1, 0.001, 0.34),
    ],
)
def test_near_the_rate_of_the_line(
    folder: Path, payload: int, window: int, latency: float, least: float
) -> None:
    found = efficiency(folder, payload, window, latency)
    print(f"payload {payload}, window {window}, {1000 * latency:.0f} ms: {found:.1%}")
    assert found >= least
