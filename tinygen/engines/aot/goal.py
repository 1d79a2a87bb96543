"""What a build is optimized for, and how candidates are compared: cycles, flash and RAM together.

A layer's cost is held against the whole model's, so that they can be added up: a hundredth of its
cycles is worth a hundredth of its flash, and a hundredth of its RAM.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from tinygen.engines.aot.offers import Cost

FLASH_AROUND = 7_000
"""Bytes that a firmware takes around its layers: the protocol, start-up, the C library."""
RAM_AROUND = 4_000
"""Bytes that it takes beside the arena, stack included, where there is little."""


class Goal(Enum):
    """What is made small.

    `SPEED` takes the fewest cycles, `SIZE` the fewest bytes of flash, `RAM` the fewest of scratch,
    whatever that costs otherwise. `BALANCED` takes what saves more of the whole's cycles than it
    costs of its flash and RAM, in hundredths.
    """

    SPEED = "speed"
    BALANCED = "balanced"
    SIZE = "size"
    RAM = "ram"
    """Of no option: where nothing else fits."""

    @property
    def tried(self) -> tuple[Goal, ...]:
        """It, and what is tried where a board has no room for that."""
        return tuple(dict.fromkeys((self, Goal.BALANCED, Goal.SIZE, Goal.RAM)))


@dataclass(frozen=True)
class Whole:
    """What all of a model takes at the least: cycles of its fastest kernels, bytes of flash of its
    smallest ones that are not `slow`, bytes of RAM of its tensors; of both with what is around
    them."""

    cycles: int
    flash: int
    ram: int

    def rank(self, goal: Goal, cost: Cost) -> tuple[int, ...]:
        """The less the better; of costs that are added up, the sums may be compared."""
        if goal is Goal.SPEED:
            return cost.cycles, cost.flash, cost.scratch
        if goal is Goal.SIZE:
            return cost.flash, cost.cycles, cost.scratch
        if goal is Goal.RAM:
            return cost.scratch, cost.flash, cost.cycles
        # Each divided by the whole's, without fractions.
        in_cycles = cost.cycles * self.flash * self.ram
        in_flash = cost.flash * self.cycles * self.ram
        in_ram = cost.scratch * self.cycles * self.flash
        return in_cycles + in_flash + in_ram, cost.cycles, cost.flash


def whole(arena: int, offered: Sequence[Sequence[Cost]]) -> Whole:
    """Of a graph for whose nodes these costs are offered, in an arena of at least so many bytes."""

    def least(of: Callable[[Cost], int]) -> int:
        return sum(min(map(of, costs)) for costs in offered if costs)

    return Whole(
        cycles=max(1, least(lambda cost: cost.cycles)),
        flash=FLASH_AROUND + least(lambda cost: cost.flash),
        ram=RAM_AROUND + arena,
    )
