"""Which of two rates a serial line is at: the first one of the firmware, or one agreed on since."""

from __future__ import annotations

from tinygen.devices.link.transport import Rated

_AT_THE_FIRST = 3


class Rates:
    """A line whose device may be at its first rate again.

    A device does so by itself when it has heard nothing for a while (`frames.QUIET_SECONDS`):
    after a reset, or when the host was held up. So every third try of a request goes at the first
    rate, and what is answered there settles it.
    """

    def __init__(self, line: Rated, first: int, agreed: int) -> None:
        self._line = line
        self._first = first
        self._agreed = agreed

    @property
    def baud(self) -> int:
        """The rate that holds, whichever is being tried."""
        return self._agreed

    def choose(self, tries: int) -> None:
        """Before a request goes out that was sent so often before."""
        rate = self._first if (tries + 1) % _AT_THE_FIRST == 0 else self._agreed
        if rate != self._line.baud:
            self._line.change_baud(rate)

    def heard(self) -> None:
        """An answer came at the rate that the line is at."""
        self._agreed = self._line.baud
