"""Ways to carry bytes to a device: a serial port or any pyserial URL.

A transport never waits longer than it is told, and turns a peer that is gone into DeviceError.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Iterator
from typing import Any, Protocol, runtime_checkable

import serial
from serial.tools import list_ports

from tinygen.devices.link.faults import Disconnected
from tinygen.devices.link.reset import Reset, find_reset
from tinygen.errors import DeviceError, InputError

READ_BYTES = 65536
WRITE_SECONDS = 5.0
_POLL_SECONDS = 0.005
# 1200 baud starts the boot loader of many native USB boards, 134 that of a Teensy.
_BOOTLOADER_BAUDS = (134, 1200)


class Transport(Protocol):
    """Bytes to and from one device. `byte_seconds` is what one byte takes, 0 where unknown."""

    name: str

    @property
    def byte_seconds(self) -> float: ...

    def read(self, timeout: float) -> bytes:
        """What has arrived, waiting at most `timeout` seconds for the first byte.

        Empty when nothing came; DeviceError when the peer is gone.
        """

    def write(self, data: bytes) -> None:
        """Send all of `data`; DeviceError when the peer is gone or does not take it in time."""

    def close(self) -> None:
        """Let go of the device. More than once does no harm."""


@runtime_checkable
class Rated(Protocol):
    """A transport whose line has a rate that can be changed, in bits per second; 0 where a line
    has none after all."""

    baud: int

    def change_baud(self, baud: int) -> None:
        """From now on as many, once all that was written has left; DeviceError where it can't."""


def open_transport(port: str, baud: int = 115200, reset: str = "none") -> Transport:
    """Open a serial device or a pyserial URL (`socket://host:port`, `rfc2217://host:port`).

    `reset` names what the board needs when its port is opened (see tinygen.link.reset); it is
    left out for `socket://`, which has no lines. Raises DeviceError when the port cannot be
    opened, InputError for a baud rate that would start a boot loader.
    """
    return SerialTransport(port, baud, find_reset(reset))


class SerialTransport:
    """A pyserial port, read without a thread."""

    def __init__(self, port: str, baud: int, reset: Reset) -> None:
        if baud in _BOOTLOADER_BAUDS or baud <= 0:
            raise InputError(
                f"{port} cannot be opened at {baud} baud",
                why="boards take 1200 and 134 baud for the request to start their boot loader",
                next_step="use the baud rate of the board, usually 115200",
            )
        self.name = port
        options: dict[str, Any] = {}
        if "://" not in port:
            options["exclusive"] = True
        if not port.startswith("rfc2217:"):  # pyserial bounds its writes by itself
            options["write_timeout"] = WRITE_SECONDS
        self.baud = 0 if port.startswith("socket:") else baud
        self.byte_seconds = 10 / baud if self.baud else 0.0
        try:
            self._serial = serial.serial_for_url(
                port,
                baudrate=baud,
                timeout=0,
                **options,
            )
        except (serial.SerialException, OSError, ValueError) as error:
            raise _cannot_open(port, error) from error
        self._descriptor = _descriptor(self._serial)
        if port.startswith("socket:") and self._descriptor is not None:
            _send_at_once(self._descriptor)
        if not port.startswith("socket:"):
            try:
                with self._peer_errors():
                    reset.apply(self._serial)
            except DeviceError:
                self.close()
                raise

    def read(self, timeout: float) -> bytes:
        with self._peer_errors():
            if self._descriptor is not None:
                ready, _, _ = select.select([self._descriptor], [], [], max(0.0, timeout))
                return self._serial.read(READ_BYTES) if ready else b""
            return self._poll(timeout)

    def write(self, data: bytes) -> None:
        with self._peer_errors():
            self._serial.write(data)

    def change_baud(self, baud: int) -> None:
        with self._peer_errors():
            self._serial.flush()
            self._serial.baudrate = baud
        self.baud = baud
        self.byte_seconds = 10 / baud

    def close(self) -> None:
        with contextlib.suppress(serial.SerialException, OSError):
            self._serial.close()

    def _poll(self, timeout: float) -> bytes:
        """Where there is nothing to select on: Windows ports, rfc2217://, loop://."""
        end = time.monotonic() + timeout
        while True:
            if data := self._serial.read(max(1, self._serial.in_waiting)):
                return data
            if (left := end - time.monotonic()) <= 0:
                return b""
            time.sleep(min(_POLL_SECONDS, left))

    @contextlib.contextmanager
    def _peer_errors(self) -> Iterator[None]:
        try:
            yield
        # pyserial lets TypeError out of a port that was closed under it.
        except (serial.SerialException, OSError, ValueError, TypeError) as error:
            raise Disconnected(
                f"the connection to {self.name} broke",
                why=str(error) or type(error).__name__,
                next_step="look at the cable, the board's power or the emulator, then try again "
                "(emulated board: tinygen flash)",
            ) from error


def _descriptor(port: serial.SerialBase) -> int | None:
    if os.name == "nt":
        return None
    try:
        return port.fileno()
    except (AttributeError, OSError):  # io.UnsupportedOperation is an OSError
        return None


def _send_at_once(descriptor: int) -> None:
    """Turn Nagle's algorithm off: requests are small and the next waits for the answer."""
    with socket.socket(fileno=os.dup(descriptor)) as twin, contextlib.suppress(OSError):
        twin.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _cannot_open(port: str, error: Exception) -> DeviceError:
    text = str(error)
    if "://" in port:
        step = "is the emulator or the server running? An emulated board starts with: tinygen flash"
    elif isinstance(error, PermissionError) or "Permission denied" in text:
        step = "sudo usermod -aG dialout $USER, then log in again"
    elif "exclusively lock" in text or "busy" in text:
        step = "close the program that has it open (a serial monitor?)"
    else:
        found = ", ".join(f"{info.device} ({info.description})" for info in list_ports.comports())
        step = f"ports found: {found}" if found else "no serial port was found: plug the board in"
    return DeviceError(f"{port} cannot be opened", why=text, next_step=step)
