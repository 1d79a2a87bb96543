"""Which serial port a board is on, by its USB id. Never guessed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from tinygen.boards import Board, Serial
from tinygen.errors import DeviceError, InputError
from tinygen.printable import shell_word

_AGAIN_SECONDS = 0.2


class PortInfo(Protocol):
    """A serial port as pyserial's list_ports tells it; `vid` and `pid` are None without USB."""

    device: str
    description: str
    vid: int | None
    pid: int | None


def serial_ports() -> tuple[PortInfo, ...]:
    """The serial ports of this machine, in the order of their names."""
    from serial.tools import list_ports

    return tuple(sorted(list_ports.comports(), key=lambda info: info.device))


def find_port(board: Board, ports: Iterable[PortInfo] | None = None) -> str:
    """The one port whose USB id is the board's, among `ports` or those of this machine.

    DeviceError, which lists what there is, when none or several fit.
    """
    if not isinstance(board.device, Serial):
        raise InputError(
            f"{board.id} has no USB port",
            why=f"its device is of the type {board.device.type}",
            next_step="tinygen flash",
        )
    known = tuple(serial_ports() if ports is None else ports)
    fitting = [info for info in known if usb_id(info) in board.device.usb_ids]
    if len(fitting) == 1:
        return fitting[0].device
    if fitting:
        raise DeviceError(
            f"{len(fitting)} ports may be {board.id}",
            why=_listed(fitting),
            next_step=f"say which one: --port {shell_word(fitting[0].device)}",
        )
    others = [info for info in known if info.vid is not None]
    raise DeviceError(
        f"no port looks like {board.id}",
        why=f"its USB ids are {', '.join(board.device.usb_ids) or 'not known'}; "
        + (f"found:\n{_listed(others)}" if others else "no USB serial port is plugged in"),
        next_step="plug the board in with a data cable, or say the port: --port PORT",
    )


def wait_for_port(
    board: Board,
    seconds: float,
    ports: Callable[[], Iterable[PortInfo]] = serial_ports,
) -> str:
    """`find_port`, until it finds one or `seconds` have passed: an upload may make a port leave
    and come back under another name.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            return find_port(board, ports())
        except DeviceError:
            if time.monotonic() >= end:
                raise
            time.sleep(_AGAIN_SECONDS)


def usb_id(info: PortInfo) -> str | None:
    """Vendor and product as board files have them; None without USB."""
    return None if info.vid is None or info.pid is None else f"{info.vid:04x}:{info.pid:04x}"


def _listed(ports: Iterable[PortInfo]) -> str:
    return "\n".join(f"{info.device}  {usb_id(info)}  {info.description}" for info in ports)
