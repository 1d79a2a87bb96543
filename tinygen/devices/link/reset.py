"""How a board behaves when its serial port is opened, as named strategies.

Board data names one; code here knows what the lines must do. pyserial raises DTR and RTS when
it opens a port.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from tinygen.boards import ResetName
from tinygen.errors import InputError


class Lines(Protocol):
    """The part of a pyserial port that a strategy may touch."""

    dtr: bool
    rts: bool

    def reset_input_buffer(self) -> None:
        """Forget what has arrived."""


@dataclass(frozen=True)
class Reset:
    """Do nothing: opening the port leaves the board running (ST-LINK, J-Link, DAPLink, QEMU)."""

    name: ClassVar[ResetName] = "none"

    def apply(self, lines: Lines, sleep: Callable[[float], None] = time.sleep) -> None:
        """Bring the board to where it answers, right after the port was opened."""


@dataclass(frozen=True)
class KeepDtr(Reset):
    """Assert DTR: mbed, arduino-pico and TinyUSB ports stay mute until a host is there."""

    name: ClassVar[ResetName] = "keep-dtr"

    def apply(self, lines: Lines, sleep: Callable[[float], None] = time.sleep) -> None:
        lines.dtr = True
        sleep(0.1)


@dataclass(frozen=True)
class Esp32(Reset):
    """Pulse EN through RTS with IO0 left high (DTR off), then both off: idle, not in reset."""

    name: ClassVar[ResetName] = "esp32"

    def apply(self, lines: Lines, sleep: Callable[[float], None] = time.sleep) -> None:
        lines.dtr = False
        lines.rts = True
        sleep(0.1)
        lines.rts = False
        sleep(0.4)  # the ROM and the second stage write their log
        lines.reset_input_buffer()


@dataclass(frozen=True)
class Avr(Reset):
    """Opening raised DTR, which resets: keep quiet until the boot loader has given up."""

    name: ClassVar[ResetName] = "avr"

    def apply(self, lines: Lines, sleep: Callable[[float], None] = time.sleep) -> None:
        sleep(2.5)
        lines.reset_input_buffer()


RESETS: tuple[Reset, ...] = (Reset(), KeepDtr(), Esp32(), Avr())


def find_reset(name: str) -> Reset:
    """The strategy of that name; InputError names the others."""
    for reset in RESETS:
        if reset.name == name:
            return reset
    known = ", ".join(reset.name for reset in RESETS)
    raise InputError(
        f"no reset strategy is called {name!r}",
        why="board data names how its serial port is opened",
        next_step=f"use one of: {known}",
    )
