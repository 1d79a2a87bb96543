"""What an inference takes on a device, in the unit that it truly is."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tinygen.boards import Board, Linux, Qemu
from tinygen.devices.link.hello import Hello


@dataclass(frozen=True)
class Cost:
    """What one inference takes on the device, over the vectors."""

    unit: str
    """`instructions` on an emulated board, `microseconds` on hardware; of a program of Linux
    `nanoseconds` of its machine, which differ from run to run."""
    minimum: int
    mean: int
    maximum: int
    median: int
    deviation: int
    """The standard deviation: what a clock of a machine that does other things too is good for."""


def cost_of(board: Board, ticks: Sequence[int], hello: Hello | None) -> Cost | None:
    """None where the device's ticks mean neither instructions nor time."""
    if not ticks or hello is None:
        return None
    told = (
        min(ticks),
        sum(ticks) // len(ticks),
        max(ticks),
        int(statistics.median(ticks)),
        int(statistics.pstdev(ticks)),
    )
    unit, _ = measured(board, 0, hello)
    least, mean, most, median, deviation = (measured(board, t, hello)[1] for t in told)
    if least is None or mean is None or most is None or median is None or deviation is None:
        return None
    return Cost(unit, least, mean, most, median, deviation)


def startup_of(board: Board, hello: Hello | None) -> int | None:
    """What starting the model took, in the unit of its cost."""
    return None if hello is None else measured(board, hello.init_ticks, hello)[1]


def measured(board: Board, ticks: int, hello: Hello) -> tuple[str, int | None]:
    """Unit and amount of what the device counted as `ticks`; no amount where an emulator does not
    count instructions."""
    if isinstance(board.device, Qemu):
        return "instructions", board.device.instructions(ticks)
    unit, per_second = "microseconds", 1_000_000
    if isinstance(board.device, Linux):
        unit, per_second = "nanoseconds", 1_000_000_000
        if board.device.emulator is not None:  # its time says nothing of anything
            return unit, None
    return unit, ticks * per_second // hello.tick_hz if hello.tick_hz else None
