"""From sums to codes in vectors of int32: one floor of an affine function, or both roundings.

    ONCE   x = sat(sat(sum << n) + tweak); code = sat8((((x * m + 2^31) >> 32) + 2^(S - 1)) >> S)
    TWICE  what the specification says, for shifts to the right by at least one

`sum` is what the products come to, `sat` is to int32, `sat8` to int8. In ONCE the tweak holds zero
points and bias, so that a vector needs no third constant, and each threshold says where it may lie.
n and S are those of the whole layer, which is what immediate operands are for. The proof is that of
`requantize`: both staircases rise with the sum, because saturation does too, and are equal on both
sides of every threshold and at the ends of what the sum can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tinygen.engines.aot.requantize import Stairs, exact, stairs
from tinygen.ir import Array, Interval
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import INT32_MAX, INT32_MIN, Int64
from tinygen.ops.weighted import Requantization

_LIMIT = 1 << 31
_SHIFTS = (17, 18, 19)
"""S, the likely one first. It is a narrowing shift by 16 and one by 1 to 8."""
_MULTIPLIERS = 24
"""How many m are tried for a channel, from the nearest outwards."""
_NEVER = 1 << 62


class Roundings(Enum):
    """How often."""

    ONCE = "once"
    TWICE = "twice"


@dataclass(frozen=True, eq=False)
class Scale:
    """A layer's constants, per channel [channels], proved for what its sums can be."""

    roundings: Roundings
    addend: Int64
    """ONCE: the tweak. TWICE: what is added to the sum."""
    multiplier: Int64
    shift: Int64
    """TWICE: to the right, from 1 to 31."""
    left: int
    """ONCE: n, from 0 to 31."""
    right: int
    """ONCE: S."""
    clamp: tuple[int, int]
    """Codes beyond these are clamped; the ends of int8 where saturation does that."""
    constant: Array
    """[channels]: whether a channel's code is that of no products, and its weights have to be left
    out."""

    def codes(self, sums: Array) -> Int64:
        """Of sums of products [channels, any number], as a core computes ONCE."""
        x = np.clip(sums.astype(np.int64) << self.left, INT32_MIN, INT32_MAX)
        x = np.clip(x + self.addend[:, None], INT32_MIN, INT32_MAX)
        high = (x * self.multiplier[:, None] + (1 << 31)) >> 32
        codes: Int64 = np.clip((high + (1 << self.right >> 1)) >> self.right, INT8_MIN, INT8_MAX)
        return codes.clip(*self.clamp)


def scale_of(requantization: Requantization, sums: Interval, start: Int64) -> Scale | None:
    """The cheapest that computes it for sums in this interval, less than which the sums of
    products are by `start` [channels]. None where int32 might wrap, or where one rounding is not
    enough and a shift is to the left."""
    there = stairs(requantization, sums, start.size)
    if there is None:
        return None
    return _once(there, start) or _twice(there, start)


def _twice(there: Stairs, start: Int64) -> Scale | None:
    right = -there.scale.shift.astype(np.int64)
    if (right < 1).any():
        return None
    multiplier = there.scale.multiplier.astype(np.int64)
    clamp = there.scale.low, there.scale.high
    none = np.zeros(there.channels, np.bool_)
    return Scale(Roundings.TWICE, start, multiplier, right, 0, 0, clamp, none)


def _once(there: Stairs, start: Int64) -> Scale | None:
    constant = there.constant
    real = there.scale.multiplier * np.exp2(there.scale.shift - 31.0)
    largest = float(real[~constant].max(initial=2.0**-20))
    for right in _SHIFTS:
        # m = real * 2^(32 + S - n) is to have all of its 31 bits, where it is largest.
        left = int(np.floor(np.log2(largest) + right + 1 + 1e-9)) + 1
        if not 0 <= left <= 31:
            continue
        found = _searched(there, start, real, left, right)
        if found is not None:
            return found
    return None


def _searched(there: Stairs, start: Int64, real: Array, left: int, right: int) -> Scale | None:
    """A code of at least v is an x of at least ceil((v * 2^S - 2^(S - 1)) * 2^32 - 2^31) / m): for
    an m, that bounds the tweak from below at each threshold, and from above in front of it."""
    codes, first = there.codes, there.first - start[:, None]
    reached = there.first <= there.high[:, None]
    missed = there.first > there.low[:, None]
    level = (codes << 32 + right) - (1 << 31 + right) - (1 << 31)
    nearest = np.rint(real * np.exp2(32.0 + right - left)).astype(np.int64)
    open_ = ~there.constant
    multiplier, tweak = np.zeros_like(nearest), np.zeros_like(nearest)
    for i in range(_MULTIPLIERS):
        m = nearest + ((i + 1) // 2) * (1 if i % 2 else -1)
        usable = open_ & (m >= 1) & (m < _LIMIT)
        if not usable.any():
            break
        x = -(-level // np.where(usable, m, 1)[:, None])
        low = np.where(reached, x - (first << left), -_NEVER).max(axis=1)
        high = np.where(missed, x - 1 - (first - 1 << left), _NEVER).min(axis=1)
        fits = usable & (low <= high)
        middle = np.maximum(low, -_LIMIT) + np.minimum(high, _LIMIT) >> 1
        multiplier, tweak = np.where(fits, m, multiplier), np.where(fits, middle, tweak)
        open_ &= ~fits
    if open_.any():
        return None
    # The code of a constant channel is that of the tweak alone.
    code = exact(there.low[:, None], there.scale)[:, 0]
    multiplier = np.where(there.constant, 1 << 30, multiplier)
    tweak = np.where(there.constant, code << right + 2, tweak)
    scale = Scale(
        Roundings.ONCE,
        np.clip(tweak, INT32_MIN, INT32_MAX),
        multiplier,
        np.zeros_like(multiplier),
        left,
        right,
        (there.scale.low, there.scale.high),
        there.constant,
    )
    return scale if _agrees(scale, there, start) else None


def _agrees(scale: Scale, there: Stairs, start: Int64) -> bool:
    """The proof, for channels as they are, or for no products where they are constant."""
    ends = [there.low[:, None], there.first - 1, there.first, there.high[:, None]]
    sums = np.clip(np.concatenate(ends, axis=1), there.low[:, None], there.high[:, None])
    given = np.where(scale.constant[:, None], 0, sums - start[:, None])
    return bool((scale.codes(given) == exact(sums, there.scale)).all())
