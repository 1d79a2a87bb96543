"""The way to a device: a USB port that is only just coming, and one that was lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import host_device
from tests.link.test_session import DATA, FakeDevice
from tinygen.api import connection as module
from tinygen.api.built import Built, look
from tinygen.api.connection import Connection
from tinygen.boards import Board, get_board
from tinygen.devices.link import ReplayTransport, Transport
from tinygen.devices.link.deadline import Deadline
from tinygen.devices.link.faults import Disconnected, LimitReached
from tinygen.errors import DeviceError
from tinygen.project import open_project

GONE = DeviceError("/dev/ttyACM0 cannot be opened", why="[Errno 2]", next_step="plug it in")


@pytest.fixture(scope="module", name="built")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A project whose board is on a serial port."""
    project = open_project(host_device.project(tmp_path_factory.mktemp("connection") / "p"))
    board = get_board(host_device.BOARD)
    return look(project, replace(board, device=get_board("uno").device))


class Time:
    """Passes only when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def monotonic(self) -> float:
        return self.now


@pytest.fixture(name="time")
def _time(monkeypatch: pytest.MonkeyPatch) -> Time:
    time = Time()
    monkeypatch.setattr(module, "time", time)
    return time


Opens = Callable[[list[Transport | DeviceError]], list[str]]


@pytest.fixture(name="opens")
def _opens(monkeypatch: pytest.MonkeyPatch) -> Opens:
    """What opening the port gives, one after the other; the last for ever. Returns the ports."""

    def set_to(results: list[Transport | DeviceError]) -> list[str]:
        ports: list[str] = []

        def open_device(_board: Board, port: str) -> Transport:
            ports.append(port)
            result = results.pop(0) if len(results) > 1 else results[0]
            if isinstance(result, DeviceError):
                raise result
            return result

        monkeypatch.setattr(module, "open_device", open_device)
        return ports

    return set_to


def device() -> ReplayTransport:
    return ReplayTransport(FakeDevice().respond)


def test_a_port_that_is_only_just_coming_is_waited_for(
    built: Built, time: Time, opens: Opens
) -> None:
    ports = opens([GONE, Disconnected("it went again"), device()])
    session = Connection(built, "/dev/ttyACM0", sleep=time.sleep).open()
    assert session.infer([DATA]).outputs
    assert ports == ["/dev/ttyACM0"] * 3
    assert time.now < 102


def test_a_port_that_is_not_there_is_an_error_soon(built: Built, time: Time, opens: Opens) -> None:
    opens([GONE])
    with pytest.raises(DeviceError, match="cannot be opened"):
        Connection(built, "/dev/ttyACM0", sleep=time.sleep).open()
    assert 102 < time.now < 105


def test_nobody_waits_for_a_server_that_is_not_there(
    built: Built, time: Time, opens: Opens
) -> None:
    opens([GONE])
    with pytest.raises(DeviceError):
        Connection(built, "socket://127.0.0.1:1", sleep=time.sleep).open()
    assert time.now == 100


def test_a_lost_board_is_looked_for_under_its_new_name(
    built: Built, time: Time, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = iter(["/dev/ttyACM0", "/dev/ttyACM0", "/dev/ttyACM1", "/dev/ttyACM1"])
    monkeypatch.setattr(module, "device_port", lambda *_args, **_options: next(names))
    monkeypatch.setattr(module, "find_port", lambda _: next(names))
    ports = opens([device(), GONE, device()])
    connection = Connection(built, sleep=time.sleep)
    connection.open()
    connection.reopen()
    assert ports == ["/dev/ttyACM0", "/dev/ttyACM1", "/dev/ttyACM1"]
    assert connection.port == "/dev/ttyACM1"


def test_the_limit_on_the_whole_bounds_the_waiting(built: Built, time: Time, opens: Opens) -> None:
    opens([GONE])
    deadline = Deadline(4.0, "--timeout", time.monotonic)
    connection = Connection(built, "/dev/ttyACM0", deadline, sleep=time.sleep)
    with pytest.raises(DeviceError, match="cannot be opened"):
        connection.reopen()
    assert time.now < 105
    with pytest.raises(LimitReached):
        connection.reopen()


def test_a_recording_does_not_come_back(built: Built, time: Time, tmp_path: Path) -> None:
    connection = Connection(built, f"replay:{tmp_path / 'none'}", sleep=time.sleep)
    with pytest.raises(Exception, match="cannot be played"):
        connection.open()
    assert time.now == 100
