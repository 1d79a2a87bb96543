"""From sums to codes in vectors of int32: one floor of an affine function, or both roundings.

    ONCE   x = sat(sat(sum << n) + tweak); code = sat8((((x * m + 2^31) >> 32) + 2^(S - 1)) >> S)
    TWICE  what the specification says, for shifts to the right by at least one

`sum` is what the products come to, `sat` is to int32, `sat8` to int8. In ONCE the tweak holds zero
points and bias, so that a vector needs no third constant, and each threshold says where it may lie.
S is that of the whole layer, which is what immediate operands are for, and so is n where a vector
holds sums of several channels. Where it holds sums of one, n is the channel's own; but then x may
not saturate, and the instruction that multiplies a vector by a number wants an even m. The proof is
that of `requantize`: both staircases rise with the sum, because saturation does too, and are equal
on both sides of every threshold and at the ends of what the sum can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tinygen.engines.aot.requantize import Stairs, exact, multipliers_and_tweaks, stairs
from tinygen.ir import Array, Interval
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import INT32_MAX, INT32_MIN, Int64
from tinygen.ops.requantization import Requantization

_LIMIT = 1 << 31
_SHIFTS = (17, 18, 19)
"""S, the likely one first. It is a narrowing shift by 16 and one by 1 to 8."""


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
    left: Int64
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
        x = np.clip(sums.astype(np.int64) << self.left[:, None], INT32_MIN, INT32_MAX)
        x = np.clip(x + self.addend[:, None], INT32_MIN, INT32_MAX)
        high = (x * self.multiplier[:, None] + (1 << 31)) >> 32
        codes: Int64 = np.clip((high + (1 << self.right >> 1)) >> self.right, INT8_MIN, INT8_MAX)
        return codes.clip(*self.clamp)


def scale_of(
    requantization: Requantization, sums: Interval, start: Int64, *, apart: bool = False
) -> Scale | None:
    """The cheapest that computes it for sums in this interval, less than which the sums of
    products are by `start` [channels]; `apart` if no vector holds sums of two channels. None where
    int32 might wrap, or where one rounding is not enough and a shift is to the left."""
    there = stairs(requantization, sums, start.size)
    if there is None:
        return None
    return _once(there, start, apart) or _twice(there, start)


def _twice(there: Stairs, start: Int64) -> Scale | None:
    right = -there.scale.shift.astype(np.int64)
    if (right < 1).any():
        return None
    none = np.zeros(there.channels, np.bool_)
    return Scale(
        Roundings.TWICE,
        start,
        there.scale.multiplier.astype(np.int64),
        right,
        np.zeros_like(right),
        0,
        (there.scale.low, there.scale.high),
        none,
    )


def _once(there: Stairs, start: Int64, apart: bool) -> Scale | None:
    open_ = ~there.constant
    real = there.scale.multiplier * np.exp2(there.scale.shift - 31.0)
    if not open_.any():
        real = np.ones_like(real)
    elif not apart:
        real = np.full_like(real, real[open_].max())
    else:
        real = np.where(open_, real, real[open_].max())
    for right in _SHIFTS:
        # m = real * 2^(32 + S - n) is to have all of its 31 bits; where n is common, the largest.
        left = np.floor(np.log2(real) + right + 1 + 1e-9).astype(np.int64) + 1
        if ((left < 0) | (left > 31)).any():
            continue
        found = _searched(there, start, left, right, apart)
        if found is not None:
            return found
    return None


def _searched(there: Stairs, start: Int64, left: Int64, right: int, apart: bool) -> Scale | None:
    """A code of at least v is an x of at least ceil((v * 2^S - 2^(S - 1)) * 2^32 - 2^31) / m)."""
    level = (there.codes << 32 + right) - (1 << 31 + right) - (1 << 31)
    real = there.scale.multiplier * np.exp2(there.scale.shift + (1.0 + right) - left)
    unit = 2 if apart else 1
    found = multipliers_and_tweaks(there, start, left, level, real, unit=unit, most=_LIMIT)
    if found is None:
        return None
    multiplier, tweak = found
    # The code of a constant channel is that of the tweak alone.
    code = exact(there.low[:, None], there.scale)[:, 0]
    scale = Scale(
        Roundings.ONCE,
        np.clip(np.where(there.constant, code << right + 2, tweak), INT32_MIN, INT32_MAX),
        np.where(there.constant, 1 << 30, multiplier),
        np.zeros_like(multiplier),
        left,
        right,
        (there.scale.low, there.scale.high),
        there.constant,
    )
    return scale if _agrees(scale, there, start, saturates=not apart) else None


def _agrees(scale: Scale, there: Stairs, start: Int64, saturates: bool) -> bool:
    """The proof, for channels as they are, or for no products where they are constant."""
    ends = [there.low[:, None], there.first - 1, there.first, there.high[:, None]]
    sums = np.clip(np.concatenate(ends, axis=1), there.low[:, None], there.high[:, None])
    given = np.where(scale.constant[:, None], 0, sums - start[:, None])
    x = (given << scale.left[:, None]) + scale.addend[:, None]
    if not saturates and (np.abs(x) >= _LIMIT).any():
        return False
    return bool((scale.codes(given) == exact(sums, there.scale)).all())
