"""The limit on the whole, and the clock that knows a starved emulator from a dead one."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import psutil
import pytest

from tests.link.test_session import DATA, FakeDevice, open_session
from tinygen.devices.link import ReplayTransport, Session
from tinygen.devices.link.deadline import Deadline, ProcessClock
from tinygen.devices.link.faults import LimitReached
from tinygen.errors import DeviceError


@pytest.mark.invariant("S9")
def test_answers_that_are_late_but_legal_end_at_the_limit() -> None:
    """Each within its own limit, for ever."""

    class Late(ReplayTransport):
        def read(self, timeout: float) -> bytes:
            self._now += 0.9 if self._waiting else 0.0
            return super().read(timeout)

    device = FakeDevice()
    transport = Late(device.respond)
    deadline = Deadline(60.0, "--timeout 120", transport.clock)
    session = Session(transport, clock=transport.clock, deadline=deadline)

    def for_ever() -> None:
        while True:
            session.infer([DATA])

    with pytest.raises(LimitReached, match="within 60 s") as caught:
        for_ever()
    assert transport.clock() <= 61
    assert caught.value.next_step == "--timeout 120"


def test_a_description_in_crumbs_ends_soon() -> None:
    """One byte with each answer, and each answer late: legal, and 18 hours."""
    device = FakeDevice()
    device.payload = 1
    session, transport = open_session(device)

    def spoil(asked: object) -> bytes:
        transport.read(0.9)
        return asked.answer  # type: ignore[attr-defined,no-any-return]

    device.spoil = spoil
    with pytest.raises(DeviceError, match="makes no sense"):
        session.hello()
    assert transport.clock() < 60


@dataclass
class Machine:
    """A processor in seconds: the wall's, the emulator's and the idle ones."""

    wall: float = 0.0
    used: float = 0.0
    idle: float = 0.0
    status: str = psutil.STATUS_SLEEPING

    def pass_(self, seconds: float, used: float, idle: float) -> None:
        self.wall += seconds
        self.used += used
        self.idle += idle


@pytest.fixture(name="machine")
def _machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    process = SimpleNamespace(
        status=lambda: machine.status,
        cpu_times=lambda: SimpleNamespace(user=machine.used, system=0.0),
    )
    monkeypatch.setattr(psutil, "Process", lambda _: process)
    monkeypatch.setattr(psutil, "cpu_times", lambda: SimpleNamespace(idle=machine.idle))
    return machine


@pytest.mark.parametrize(
    ("used", "idle", "status", "counted"),
    [
        (0.0, 10.0, psutil.STATUS_SLEEPING, 10.0),  # it could have run: it waits
        (10.0, 0.0, psutil.STATUS_RUNNING, 10.0),  # it ran all the time: it computes or is stuck
        (2.0, 0.0, psutil.STATUS_RUNNING, 2.0),  # others had the processors
        (0.0, 0.0, psutil.STATUS_SLEEPING, 1.0),  # nobody can tell, and it must end
        (5.0, 30.0, psutil.STATUS_RUNNING, 10.0),
        (0.0, 0.0, psutil.STATUS_STOPPED, 10.0),
        (0.0, 0.0, psutil.STATUS_ZOMBIE, 10.0),
    ],
)
def test_seconds_count_as_far_as_the_emulator_could_run(
    machine: Machine, used: float, idle: float, status: str, counted: float
) -> None:
    machine.status = status
    clock = ProcessClock(1234, lambda: machine.wall)
    before = clock()
    machine.pass_(10.0, used, idle)
    assert clock() - before == pytest.approx(counted)


def test_the_clock_never_goes_back(machine: Machine) -> None:
    clock = ProcessClock(1234, lambda: machine.wall)
    seen = []
    for step in range(300):
        machine.pass_(0.01, 0.01 if step % 3 else 0.0, 0.0)
        seen.append(clock())
    assert seen == sorted(seen)
    assert seen[-1] > 1.5


def test_an_emulator_that_is_gone_has_the_walls_clock() -> None:
    wall = [0.0]
    clock = ProcessClock(2**22 + 1, lambda: wall[0])
    wall[0] = 7.0
    assert clock() == 7.0
