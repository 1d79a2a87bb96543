"""A higher rate of a serial line: agreed on, tried out, and left again where it does not carry.

Whatever is lost on the way, both sides are at their first rate two seconds after the last word.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from tinygen.devices.link.exchange import Exchange, Limits, Request
from tinygen.devices.link.faults import Disconnected, LimitReached, Restarted, Silent
from tinygen.devices.link.frames import QUIET_SECONDS, Kind
from tinygen.devices.link.rate import Rates
from tinygen.devices.link.transport import Rated
from tinygen.errors import DeviceError

_ATTEMPTS = 3
_ASK = Limits(timeout=0.5, retries=0)
_TRY_OUT = Limits(timeout=0.3, retries=0)
_TRIES_OUT = 4
_LEFT_OUT = 8  # of a payload: the rate, and room for what is in front
_MARGIN_SECONDS = 0.5


def speed_up(exchange: Exchange, line: Rated, most: int, payload: int) -> None:
    """Bring both sides to the highest rate up to `most` at which several frames of about `payload`
    bytes arrive whole, both ways; else they stay at the first. Takes at most some seconds."""
    first = line.baud
    for rate in _ladder(first, most):
        if not _asked(exchange, rate):
            continue
        line.change_baud(rate)
        if _carries(exchange, rate, payload):
            exchange.rates = Rates(line, first, rate)
            return
        exchange.wait(QUIET_SECONDS + _MARGIN_SECONDS)
        line.change_baud(first)


def _ladder(first: int, most: int) -> Iterator[int]:
    """The rates to try, falling by halves."""
    rates = [most >> step for step in range(_ATTEMPTS)]
    return (rate for rate in rates if rate > first)


def _asked(exchange: Exchange, rate: int) -> bool:
    """Whether the device may have changed to it: it did so also where only its answer was lost."""
    try:
        exchange.ask([Request(Kind.BAUD, struct.pack("<I", rate))], _ASK)
    except Silent:
        return True
    except (Disconnected, LimitReached, Restarted):
        raise
    except DeviceError:  # it cannot
        return False
    return True


def _carries(exchange: Exchange, rate: int, payload: int) -> bool:
    """Every byte value there and back, a few times over, and none lost."""
    size = payload - _LEFT_OUT
    pattern = bytes(range(256)) * (size // 256 + 1)
    for turn in range(_TRIES_OUT):
        body = struct.pack("<I", rate) + pattern[turn : turn + size]
        try:
            (back,) = exchange.ask([Request(Kind.BAUD, body, len(body))], _TRY_OUT)
        except Silent:
            return False
        if back != body:
            return False
    return True
