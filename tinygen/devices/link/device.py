"""From a board's device to the bytes that go to and from it."""

from __future__ import annotations

from pathlib import Path

from tinygen.boards import Board, Linux, Qemu, Serial
from tinygen.devices import user_mode
from tinygen.devices.link.process import ProcessTransport
from tinygen.devices.link.recording import SCHEME, RecordedTransport
from tinygen.devices.link.ssh import SCHEME as SSH
from tinygen.devices.link.ssh import SshTransport, parse_remote
from tinygen.devices.link.transport import Transport, open_transport


def open_device(board: Board, port: str) -> Transport:
    """The way to the board's device, which is at `port`: a serial device, a pyserial URL,
    `replay:FILE`, a recording, `ssh://HOST/PROGRAM`, or the program that is started as the device.

    A new kind of device has its case here. Raises DeviceError when the port cannot be opened.
    """
    if port.startswith(SCHEME):
        return RecordedTransport(Path(port.removeprefix(SCHEME)), board.serial.baud)
    match board.device:
        case Qemu():  # a socket has no lines to reset a board by
            return open_transport(port, board.serial.baud)
        case Serial(reset=reset):
            return open_transport(port, board.serial.baud, reset)
        case Linux() if port.startswith(SSH):
            return SshTransport(parse_remote(port))
        case Linux() if "://" in port:
            return open_transport(port, board.serial.baud)
        case Linux() as device:
            return ProcessTransport([*user_mode.command(device), port])
