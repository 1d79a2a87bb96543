"""The staircase of the specification: at which sums the code of a channel rises."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinygen.ir import Array, Interval
from tinygen.ops.fixed_point import INT32_MAX, Int64
from tinygen.ops.requantization import Requantization

Bools = NDArray[np.bool_]

_LIMIT = 1 << 31


@dataclass(frozen=True, eq=False)
class Stairs:
    """What requantization makes of every sum that a channel can have."""

    scale: Requantization
    """Its multiplier and shift are spelt out: one per channel."""
    low: Int64
    """[channels]: the least sum."""
    high: Int64
    """[channels]: the greatest sum."""
    codes: Int64
    """[steps]: every code but the lowest that the clamp lets through."""
    first: Int64
    """[channels, steps]: the least sum from `low` on whose code is at least that; `high` + 1 where
    none is."""

    @property
    def channels(self) -> int:
        return self.low.size

    @property
    def constant(self) -> Bools:
        """[channels]: whether all sums have one code, whatever the bias."""
        moves = (self.first > self.low[:, None]) & (self.first <= self.high[:, None])
        return np.asarray(~moves.any(axis=1))

    def part(self, channels: Array) -> Stairs:
        """Of these channels only."""
        scale = self.scale
        some = Requantization(
            scale.multiplier[channels],
            scale.shift[channels],
            scale.zero_point,
            scale.low,
            scale.high,
        )
        return Stairs(
            some, self.low[channels], self.high[channels], self.codes, self.first[channels]
        )


def exact(sums: Array, scale: Requantization) -> Int64:
    """The specification's codes of sums [channels, any number]; of each channel by its factors."""
    return scale.apply(np.asarray(sums).T).T.astype(np.int64)


def stairs(scale: Requantization, sums: Interval, channels: int) -> Stairs | None:
    """The thresholds of every channel's sums, by binary search from a guess; None where int32 might
    wrap, and the codes not rise with the sums."""
    low, high = (end.astype(np.int64) for end in _ends(sums, channels))
    multiplier = np.broadcast_to(scale.multiplier, (channels,))
    shift = np.broadcast_to(scale.shift, (channels,))
    spelt = Requantization(multiplier, shift, scale.zero_point, scale.low, scale.high)
    left = np.maximum(shift.astype(np.int64), 0)
    wraps = np.maximum(np.abs(low), np.abs(high)) > (INT32_MAX - 128) >> left
    if (wraps & (low < high)).any():  # a single sum has its code whatever wraps
        return None
    codes = np.arange(scale.low + 1, scale.high + 1, dtype=np.int64)
    step = np.exp2(31.0 - shift) / np.maximum(multiplier, 1)  # sums from code to code, about
    guess = np.clip((codes - scale.zero_point - 0.5) * step[:, None], -_LIMIT, _LIMIT)
    near = guess.astype(np.int64)
    first, beyond = low[:, None], high[:, None] + 1
    below, above = np.clip(near - 2, first, beyond), np.clip(near + 2, first, beyond)
    # A guess that does not lie around the threshold gives way to the whole range.
    below = np.where(exact(below, spelt) >= codes, first, below)
    inside = np.minimum(above, beyond - 1)
    above = np.where((above == beyond) | (exact(inside, spelt) < codes), beyond, above)
    while (below < above).any():
        middle = (below + above) >> 1
        # Never asked for `beyond`: the middle of two that differ is below the greater.
        reached = exact(np.minimum(middle, beyond - 1), spelt) >= codes
        open_ = below < above
        above = np.where(open_ & reached, middle, above)
        below = np.where(open_ & ~reached, middle + 1, below)
    return Stairs(spelt, low, high, codes, below)


def _ends(sums: Interval, channels: int) -> tuple[Array, Array]:
    spelt = sums.channels(channels)
    return spelt.low, spelt.high
