"""A busy CI machine ended a right firmware in UNVERIFIED: its emulator did not get a processor."""

from __future__ import annotations

from types import SimpleNamespace

import psutil
import pytest

from tests.link.test_session import DATA, FakeDevice
from tinygen.devices.link import ReplayTransport, Session
from tinygen.devices.link.deadline import Clock, ProcessClock
from tinygen.errors import DeviceError


class Starved(ReplayTransport):
    """Answers after the emulator ran for a tenth of a second, for which it waits ten."""

    def __init__(self) -> None:
        super().__init__(FakeDevice().respond)
        self.wall = self.used = 0.0
        self._left = 0.0

    def write(self, data: bytes) -> None:
        super().write(data)
        self._left = self._left or 0.1

    def read(self, timeout: float) -> bytes:
        passed = min(timeout, 100 * self._left) if self._left else timeout
        self.wall += passed
        self.used += passed / 100
        self._left = max(0.0, self._left - passed / 100)
        return super().read(0.0) if self._left < 1e-9 else b""


def outcome(transport: Starved, clock: Clock) -> str:
    try:
        Session(transport, clock=clock).infer([DATA])
    except DeviceError as error:
        return error.what
    return "well"


def test_it_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    transport = Starved()
    process = SimpleNamespace(
        status=lambda: psutil.STATUS_SLEEPING,
        cpu_times=lambda: SimpleNamespace(user=transport.used, system=0.0),
    )
    monkeypatch.setattr(psutil, "Process", lambda _: process)
    monkeypatch.setattr(psutil, "cpu_times", lambda: SimpleNamespace(idle=0.0))
    assert outcome(transport, ProcessClock(1234, lambda: transport.wall)) == "well"
    assert transport.wall > 20


def test_by_the_clock_on_the_wall_it_is_given_up() -> None:
    transport = Starved()
    assert "does not answer" in outcome(transport, lambda: transport.wall)
