"""A board's port is found by its USB id: one, or an error that lists what there is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tinygen.boards import get_board
from tinygen.devices.usb import find_port, serial_ports, wait_for_port
from tinygen.errors import DeviceError, InputError


@dataclass
class Info:
    """A port as pyserial tells it."""

    device: str
    vid: int | None = None
    pid: int | None = None
    description: str = "n/a"


MEGA = Info("/dev/ttyACM0", 0x2341, 0x0042, "Arduino Mega")
CLONE = Info("/dev/ttyUSB0", 0x1A86, 0x7523, "USB Serial")
PICO = Info("/dev/ttyACM1", 0x2E8A, 0x00C0, "Pico")
BUILT_IN = Info("/dev/ttyS0")


def test_the_one_port_that_fits() -> None:
    board = get_board("mega2560")
    assert find_port(board, [BUILT_IN, PICO, MEGA]) == "/dev/ttyACM0"
    assert find_port(board, [CLONE]) == "/dev/ttyUSB0"
    assert find_port(get_board("pico"), [MEGA, PICO]) == "/dev/ttyACM1"


def test_several_are_listed_not_guessed() -> None:
    with pytest.raises(DeviceError) as caught:
        find_port(get_board("mega2560"), [CLONE, MEGA, PICO])
    assert caught.value.what == "2 ports may be mega2560"
    assert caught.value.why.splitlines() == [
        "/dev/ttyUSB0  1a86:7523  USB Serial",
        "/dev/ttyACM0  2341:0042  Arduino Mega",
    ]
    assert "--port /dev/ttyUSB0" in caught.value.next_step


def test_none_is_told_with_what_there_is() -> None:
    with pytest.raises(DeviceError) as caught:
        find_port(get_board("teensy41"), [BUILT_IN, PICO])
    assert "16c0:0483" in caught.value.why
    assert "/dev/ttyACM1  2e8a:00c0  Pico" in caught.value.why
    assert "ttyS0" not in caught.value.why
    with pytest.raises(DeviceError, match="teensy41") as caught:
        find_port(get_board("teensy41"), [BUILT_IN])
    assert "no USB serial port is plugged in" in caught.value.why


def test_an_emulated_board_has_none() -> None:
    with pytest.raises(InputError):
        find_port(get_board("qemu-mega2560"), [MEGA])


def test_a_port_that_comes_back() -> None:
    seen = iter([[PICO], [], [], [Info("/dev/ttyACM9", 0x2341, 0x005A)]])
    assert wait_for_port(get_board("nano33ble"), 5, lambda: next(seen)) == "/dev/ttyACM9"
    with pytest.raises(DeviceError):
        wait_for_port(get_board("nano33ble"), 0.1, list)


def test_this_machines_ports_can_be_asked() -> None:
    assert [info.device for info in serial_ports()] == sorted(i.device for i in serial_ports())
