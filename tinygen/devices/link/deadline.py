"""A limit on all that is asked of a device, and clocks that know how long it was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

import psutil

from tinygen.devices.link.faults import LimitReached

Clock = Callable[[], float]

_LOOK_SECONDS = 0.05
_SLOWEST = 0.1


class Deadline:
    """When everything has to be over: each answer of a device may be late but legal."""

    def __init__(
        self, seconds: float = float("inf"), next_step: str = "", clock: Clock = time.monotonic
    ) -> None:
        self.seconds = seconds
        self._next_step = next_step
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Seconds until then; LimitReached when there are none."""
        left = self._end - self._clock()
        if left <= 0:
            raise LimitReached(
                f"the device was not done within {self.seconds:,.0f} s",
                why="it answered, but too slowly for the limit on the whole",
                next_step=self._next_step,
            )
        return left


class ProcessClock:
    """Seconds in which the emulator `pid`, or a firmware that is a process, ran or could have run.

    On a busy machine an emulator may not run at all for seconds: a firmware that is right would be
    given up. A second counts as far as the emulator used a processor or one was idle; at least a
    tenth of it, so that every wait ends. Of a process that was stopped or has ended all of it.
    """

    def __init__(self, pid: int, wall: Clock = time.monotonic) -> None:
        self._wall = wall
        try:
            self._process: psutil.Process | None = psutil.Process(pid)
        except psutil.Error:
            self._process = None
        self._seen = wall()
        self._used = self._usage()
        self._now = 0.0

    def __call__(self) -> float:
        passed = self._wall() - self._seen
        if passed < _LOOK_SECONDS:
            return self._now + passed * _SLOWEST
        used = self._usage()
        if used is None or self._used is None:
            share = 1.0
        else:
            share = sum(used) - sum(self._used)
            share = min(1.0, max(_SLOWEST, share / passed))
        self._seen += passed
        self._used = used
        self._now += passed * share
        return self._now

    def _usage(self) -> tuple[float, float] | None:
        """Seconds that the emulator ran, and that processors were idle; None of what can't run."""
        if self._process is None:
            return None
        try:
            if self._process.status() in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE):
                return None
            own, all_ = self._process.cpu_times(), psutil.cpu_times()
        except psutil.Error:
            return None
        return own.user + own.system, all_.idle
