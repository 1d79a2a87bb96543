"""A serial line with rates: what is sent at another than the receiver's, or at more than the line
carries, arrives as noise. In both directions, and beside the faults of bytes."""

from __future__ import annotations

import mmap
import os
import random
import struct
import tempfile
from pathlib import Path

from tests.faults.line import Faults
from tests.protocol.protocol_device import Lockstep

FIRST, FASTEST = 115_200, 921_600
DEFINES = (f"-DTG_SERIAL_BAUD={FIRST}u", f"-DTG_SERIAL_FASTEST={FASTEST}u")
"""What a firmware is compiled with whose line has rates."""

_TICKS = 1_000_000  # per second, of test_hal.c
_HEAD = struct.Struct("<QI4x")
_CHANGE = struct.Struct("<I4xQ")
_SHARED_BYTES = _HEAD.size + 1000 * _CHANGE.size


class RatedDevice(Lockstep):
    """A device that knows what time it is, and tells each change of its rate."""

    def __init__(self, program: Path) -> None:
        handle, name = tempfile.mkstemp(prefix="tinygen-line-")
        os.ftruncate(handle, _SHARED_BYTES)
        self._shared = mmap.mmap(handle, _SHARED_BYTES)
        os.close(handle)
        super().__init__(program=program, TEST_HAL_LINE=name)
        self._came = 0
        self.pass_time()  # it has started
        Path(name).unlink()

    def pass_time(self) -> None:
        """Let the device see what time it is: an empty frame means nothing, and wakes it."""
        struct.pack_into("<Q", self._shared, 0, int(self.clock() * _TICKS))
        self.write(b"\0")
        self._await()

    def baud(self, position: int | None = None) -> int:
        """The rate at which it sent its byte of that number, or is now."""
        _, count = _HEAD.unpack_from(self._shared)
        rate = FIRST
        for index in range(count):
            changed, at = _CHANGE.unpack_from(self._shared, _HEAD.size + index * _CHANGE.size)
            if position is None or at <= position:
                rate = changed
        return rate

    def take(self) -> list[tuple[int, int]]:
        """Bytes that it has sent since, each with its rate."""
        data = self.read(0.0)
        start, self._came = self._came, self._came + len(data)
        return [(byte, self.baud(start + index)) for index, byte in enumerate(data)]


class RatedLine:
    """A transport to that device. `carries` is the highest rate that the line does."""

    byte_seconds = 0.0

    def __init__(self, device: RatedDevice, carries: int, seed: int, faults: Faults) -> None:
        self.name = "a line with rates"
        self.baud = FIRST
        self.rates: list[int] = []
        self._device = device
        self._carries = carries
        self._random = random.Random(seed)
        self._faults = faults

    def change_baud(self, baud: int) -> None:
        self.baud = baud
        self.rates.append(baud)

    def write(self, data: bytes) -> None:
        self._device.pass_time()
        self._device.write(self._through(data, self._device.baud()))

    def read(self, timeout: float) -> bytes:
        self._device.pass_time()
        data = b"".join(self._through(bytes([b]), rate) for b, rate in self._device.take())
        if not data:
            self._device.wait(max(0.0, timeout))
        return data

    def close(self) -> None:
        """The device outlives its conversations."""

    def _through(self, data: bytes, device_baud: int) -> bytes:
        if device_baud != self.baud or self.baud > self._carries:
            return self._random.randbytes(max(1, len(data) * 3 // 4))
        return b"".join(piece.data or b"" for piece in self._faults.carry(data))
