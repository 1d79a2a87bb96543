"""From a sum to its code on a core without rounding or saturation: one floor of an affine function.

    ONCE   x = (sum << n) + tweak; code = sat8((x * m >> 32) >> S)
    TWICE  what the specification says, for shifts to the right by at least one

`sum` is what the products come to; the tweak holds zero points and bias, and says where each
threshold lies. n and S are those of a whole layer, which is what immediate operands are for. The
proof is that of `requantize`: both staircases rise with the sum, and are equal on both sides of
every threshold and at the ends of what the sum can be. x never wraps.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.requantize import Stairs, exact, multipliers_and_tweaks, stairs
from tinygen.ir import Array, Interval
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64
from tinygen.ops.requantization import Requantization

_LIMIT = 1 << 31
_MOST_RIGHT = 22
_CHEAP_LEFT = 3
"""n up to which a shift and an addition are one instruction."""
_MOST_SUM = 1 << 30
"""What TWICE doubles."""


@dataclass(frozen=True, eq=False)
class Scale:
    """A layer's constants, per channel [channels], proved for what its sums can be."""

    twice: bool
    addend: Int64
    """ONCE: the tweak. TWICE: what is added to the sum."""
    multiplier: Int64
    shift: Int64
    """TWICE: to the right, from 1 to 31."""
    left: int
    """ONCE: n."""
    right: int
    """ONCE: S."""
    clamp: tuple[int, int]
    constant: Array
    """[channels]: whether a channel's code is that of no products, and its weights have to be left
    out."""

    def codes(self, sums: Array) -> Int64:
        """Of sums of products [channels, any number], as a core computes ONCE."""
        x = (sums.astype(np.int64) << self.left) + self.addend[:, None]
        codes: Int64 = np.clip(
            (x * self.multiplier[:, None] >> 32) >> self.right, INT8_MIN, INT8_MAX
        )
        return codes.clip(*self.clamp)

    def words(self) -> Array:
        """[channels, 2 or 4] int32: in the order in which they are read."""
        columns = [self.addend, self.multiplier]
        if self.twice:
            columns += [1 << (self.shift - 1), self.shift]
        return np.stack(columns, axis=1).astype(np.int32)


def scale_of(
    requantization: Requantization, sums: Interval, start: Int64, *, left: int | None = None
) -> Scale | None:
    """The cheapest that computes it for sums in this interval, less than which the sums of
    products are by `start` [channels]; `left` is n, where a kernel has no choice. None where int32
    might wrap, or where one rounding is not enough and a shift is to the left."""
    there = stairs(requantization, sums, start.size)
    if there is None:
        return None
    return _once(there, start, left) or _twice(there, start)


def _twice(there: Stairs, start: Int64) -> Scale | None:
    right, open_ = -there.scale.shift.astype(np.int64), ~there.constant
    far = np.maximum(np.abs(there.low), np.abs(there.high)) >= _MOST_SUM
    if (open_ & ((right < 1) | far | (np.abs(start) >= _LIMIT))).any():
        return None
    # The code of a constant channel is that of what is added alone, a quarter of it.
    code = exact(there.low[:, None], there.scale)[:, 0] - there.scale.zero_point
    return Scale(
        True,
        np.where(open_, start, 4 * code),
        np.where(open_, there.scale.multiplier.astype(np.int64), 1 << 30),
        np.where(open_, right, 1),
        0,
        1,
        (there.scale.low, there.scale.high),
        there.constant,
    )


def _real(there: Stairs) -> Array:
    """[channels]: codes per sum."""
    real: Array = there.scale.multiplier * np.exp2(there.scale.shift - 31.0)
    return real


def _once(there: Stairs, start: Int64, left: int | None) -> Scale | None:
    for n, right in _shifts(there, left):
        found = _searched(there, start, n, right)
        if found is not None:
            return found
    return None


def _shifts(there: Stairs, left: int | None) -> Iterator[tuple[int, int]]:
    """n and S: the cheap n first, then as large as x allows."""
    open_ = ~there.constant
    if not open_.any():
        yield left or 0, 1
        return
    real = _real(there)[open_]
    # At the middle of all codes x is about zero.
    reach = np.maximum(np.abs(there.low), np.abs(there.high))[open_] + 300 / real
    most = int(np.floor(30.99 - np.log2(reach.max())))
    choices = (left,) if left is not None else dict.fromkeys((min(_CHEAP_LEFT, most), most))
    for n in choices:
        # m = real * 2^(32 + S - n) is to have all of its 31 bits.
        right = int(np.floor(n - 1 - np.log2(real.max()) - 1e-9))
        if 0 <= n <= most and right >= 1:
            yield n, min(right, _MOST_RIGHT)


def _searched(there: Stairs, start: Int64, left: int, right: int) -> Scale | None:
    """A code of at least v is an x of at least ceil(v * 2^(32 + S) / m)."""
    real = _real(there) * np.exp2(32.0 + right - left)
    found = multipliers_and_tweaks(there, start, left, there.codes << 32 + right, real)
    if found is None:
        return None
    multiplier, tweak = found
    # The code of a constant channel is that of the tweak alone.
    code = exact(there.low[:, None], there.scale)[:, 0]
    scale = Scale(
        False,
        np.where(there.constant, code << right + 2, tweak),
        np.where(there.constant, 1 << 30, multiplier),
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
    x = (given << scale.left) + scale.addend[:, None]
    if (np.abs(x) >= _LIMIT).any() or (np.abs(scale.addend) >= _LIMIT).any():
        return False
    return bool((scale.codes(given) == exact(sums, there.scale)).all())
