"""Requantization for cores without SMMLAR and SSAT: one floor of an affine function.

    x    = sum - start, clamped to 0 .. limit
    code = (floor(x * m / 2^e) + k) >> S, its low 8 bits

A sum of `start` or less has the lowest code that the channel can have, one of `start + limit` or
more the highest. In between the specification's staircase is one of an affine function: its m, and
a k between the bounds that the thresholds put to it. Halves of the second rounding go away from
zero: where sums below zero are not all clamped away, k is less by `fall` for them, which are those
of x < `zero`. The clamps come first, so that x is small, and that leaves m most bits.
`firmware/kernels/tg_affine.h` computes it, on cores that multiply to 64 bits (`wide`) by one
product, on others by two of 32 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tinygen.engines.aot.requantize.stairs import Bools, Stairs, exact
from tinygen.ir import Array
from tinygen.ops.fixed_point import INT32_MAX, INT32_MIN, Int64

_BITS = 32
_WORD = (1 << _BITS) - 1
_CODE = 8
"""Bits."""
_SHIFT = _BITS - _CODE
"""The most S: above it is a code."""
_COMMON_SHIFT = 20
_LEAST_SHIFT = 8
"""With fewer bits below the code thresholds cannot be told apart."""
_FAR = 1 << 62


@dataclass(frozen=True, eq=False)
class Affine:
    """The numbers of all channels [channels], proved for the stairs they were found for."""

    start: Int64
    limit: Int64
    multiplier: Int64
    """m, of uint32."""
    offset: Int64
    """k, of uint32: the lowest code is in it."""
    zero: Int64
    fall: Int64
    split: int
    """The core shifts a clamped sum so far to the left (`wide`), or takes so many of m's bits for
    the second product; 32 - split, or split, is e."""
    shift: int
    """S."""
    wide: bool

    @property
    def falls(self) -> bool:
        """Whether sums below zero are a case of their own."""
        return bool(self.fall.any())

    def apply(self, sums: Array) -> Int64:
        """The codes of sums [channels, any number], as a core computes them."""
        x = np.clip(sums - self.start[:, None], 0, self.limit[:, None]).astype(np.uint64)
        m, word = self.multiplier[:, None].astype(np.uint64), np.uint64(_WORD)
        split, shift = np.uint64(self.split), np.uint64(self.shift)
        if self.wide:
            scaled = ((x << split) & word) * m >> np.uint64(_BITS)
        else:
            low = m & np.uint64((1 << self.split) - 1)
            scaled = (x * (m >> split) & word) + ((x * low & word) >> split)
        fall = np.where(x.astype(np.int64) < self.zero[:, None], self.fall[:, None], 0)
        offset = (self.offset[:, None] - fall) & _WORD
        code = ((scaled + offset.astype(np.uint64)) & word) >> shift
        return code.astype(np.uint8).astype(np.int8).astype(np.int64)

    def biases(self, bias: Array) -> Array:
        """int32 [channels]: for these biases of the sums."""
        return _words(bias.astype(np.int64) - self.start)

    @property
    def numbers(self) -> Array:
        """int32 [channels, 3 or 5]: the rest of `struct tg_channel`."""
        words = [self.limit, self.multiplier, self.offset]
        return _words(np.stack(words + ([self.zero, self.fall] if self.falls else []), axis=1))


def _words(values: Int64) -> Array:
    return (values & _WORD).astype(np.uint32).view(np.int32)


def affine(there: Stairs, wide: bool) -> Affine | None:
    """The affine function of every channel, or None where one has none in so many bits."""
    moves = ~there.constant
    reached = _reached(there)
    first = np.where(reached, there.first, _FAR).min(axis=1, initial=_FAR)
    last = np.where(reached, there.first, -_FAR).max(axis=1, initial=-_FAR)
    start, last = np.where(moves, first - 1, there.low), np.where(moves, last, there.low)
    limit = last - start
    if (there.high - start > INT32_MAX).any() or (there.low - start < INT32_MIN).any():
        return None
    bits = max(1, int(limit.max(initial=1)).bit_length())
    for rounded in dict.fromkeys((bits + bits % 2, bits)):
        for shift in _shifts(there, _exponent(rounded, wide), wide):
            found = _found(there, start, limit, rounded, shift, wide)
            if found is not None:
                return found
    return None


def _exponent(bits: int, wide: bool) -> int:
    """e, for limits of so many bits."""
    return bits if wide else _BITS - bits


def _shifts(there: Stairs, exponent: int, wide: bool) -> tuple[int, ...]:
    """Every S that is tried: that of other layers, so that equal ones can share it, and the most
    for which the slope in codes per sum, times 2^(S + e), is below 2^32."""
    steepest = max(float(_slope(there)[~there.constant].max(initial=0.0)), 2.0**-_BITS)
    room = int(np.floor(_BITS - exponent - np.log2(steepest) - 0.01))
    most = min(_SHIFT - 1 if wide else _SHIFT, room)
    possible = 0 < exponent < _BITS and most >= _LEAST_SHIFT
    return tuple(dict.fromkeys((min(_COMMON_SHIFT, most), most))) if possible else ()


def _slope(there: Stairs) -> Array:
    slope: Array = there.scale.multiplier * np.exp2(there.scale.shift - 31.0)
    return slope


def _found(
    there: Stairs, start: Int64, limit: Int64, bits: int, shift: int, wide: bool
) -> Affine | None:
    """With this S, for limits of so many bits; without a fall, or with one."""
    moves = ~there.constant
    base = exact(start[:, None], there.scale)[:, 0]
    for falls in (False, True):
        search = _Search(there, start, base, shift, _exponent(bits, wide), falls)
        m, k, fall = search.solve() if moves.any() else (0 * start, 0 * start, 0 * start)
        found = Affine(
            start=start,
            limit=limit,
            multiplier=np.where(moves, m, 0),
            offset=((base << shift) + np.where(moves, k, 0)) & _WORD,
            zero=-start if falls else 0 * start,
            fall=np.where(moves, fall, 0),
            split=_BITS - bits,
            shift=shift,
            wide=wide,
        )
        if _agrees(found, there):
            return found
    return None


def _reached(there: Stairs) -> Bools:
    """[channels, steps]: which thresholds sums are on both sides of."""
    return np.asarray((there.first > there.low[:, None]) & (there.first <= there.high[:, None]))


@dataclass(frozen=True, eq=False)
class _Search:
    """Each threshold bounds k from below where the code has to have risen, and from above one sum
    before; in between is a window, for an m a concave function of it."""

    there: Stairs
    start: Int64
    base: Int64
    shift: int
    exponent: int
    falls: bool

    def solve(self) -> tuple[Int64, Int64, Int64]:
        """m, k and what k is less below zero: in the middle of the widest windows, by bisection
        around the slope."""
        near = np.rint(np.minimum(_slope(self.there) * 2.0 ** (self.shift + self.exponent), _WORD))
        around = (near.astype(np.int64) >> _CODE) + 2
        low, high = (np.clip(near.astype(np.int64) + a, 0, _WORD) for a in (-around, around))
        while (low < high).any():
            middle = (low + high) >> 1
            rises = self._windows(middle)[1]
            low, high = (
                np.where(rises, np.minimum(middle + 1, high), low),
                np.where(rises, high, middle),
            )
        best = low
        for away in (-1, 1):
            other = np.clip(low + away, 0, _WORD)
            wider = self._windows(other)[0] > self._windows(best)[0]
            best = np.where(wider, other, best)
        upper, lower = self._window(best, above=True), self._window(best, above=False)
        k = np.where(upper.free, lower.middle, upper.middle)
        below = np.where(lower.free, k, np.clip(k, lower.least, lower.most - 1))
        k = np.where(below > k, np.clip(below, upper.least, upper.most - 1), k)
        return best, k, k - below

    @cached_property
    def _x(self) -> Int64:
        """[channels, steps]: the thresholds, from where k is."""
        return self.there.first - self.start[:, None]

    @cached_property
    def _level(self) -> Int64:
        """[channels, steps]: the codes from there on, in fractions."""
        level: Int64 = (self.there.codes - self.base[:, None]) << self.shift
        return level

    @cached_property
    def _bounded(self) -> tuple[tuple[Bools, Bools], tuple[Bools, Bools]]:
        """Of k below zero and from there on: at which thresholds it is bounded from below, and one
        sum before which from above."""
        first, reached = self.there.first, _reached(self.there)
        at, before = first >= 0, first > 0
        if not self.falls:
            at = before = np.ones_like(at)
        return (reached & ~at, reached & ~before), (reached & at, reached & before)

    def _windows(self, m: Int64) -> tuple[Int64, Bools]:
        """How wide the narrower of the windows is, for sums from zero on, or all, and for those
        below; and whether it grows with m."""
        upper, lower = self._window(m, above=True), self._window(m, above=False)
        narrower = lower.free | (upper.size < lower.size)
        return (
            np.where(narrower, upper.size, lower.size),
            np.where(narrower, upper.rises, lower.rises),
        )

    def _window(self, m: Int64, above: bool) -> _Window:
        """Of k for the sums from zero on, or all if none fall, or for those below."""
        at, before = self._bounded[above]
        low = self._level - (self._x * m[:, None] >> self.exponent)
        high = self._level - ((self._x - 1) * m[:, None] >> self.exponent)
        low, high = np.where(at, low, -_FAR), np.where(before, high, _FAR)
        lowest, highest = low.argmax(axis=1), high.argmin(axis=1)
        rows = np.arange(lowest.size)
        least, most = low[rows, lowest], high[rows, highest]
        under, over = self._x[rows, lowest], self._x[rows, highest]
        free = (least == -_FAR) & (most == _FAR)
        # Where only one side is bounded, next to its bound.
        least = np.where((least == -_FAR) & ~free, most - 1, least)
        most = np.where((most == _FAR) & ~free, least + 1, most)
        return _Window(least, most, under >= over, free)


@dataclass(frozen=True, eq=False)
class _Window:
    """From `least` to below `most`, per channel."""

    least: Int64
    most: Int64
    rises: Bools
    """Whether it grows with m."""
    free: Bools
    """Whether nothing bounds it."""

    @property
    def size(self) -> Int64:
        return np.where(self.free, _FAR, self.most - self.least)

    @property
    def middle(self) -> Int64:
        size = np.where(self.free, 1, self.most - self.least)
        return np.where(self.free, 0, self.least + np.maximum(size - 1, 0) // 2)


def _agrees(found: Affine, there: Stairs) -> bool:
    """The proof: both rise with the sums, and are equal on both sides of every threshold, of zero
    and at the ends; no product overflows, which would make the function fall."""
    x, m = found.limit, found.multiplier
    if found.wide:
        whole = (x << found.split <= _WORD).all()
    else:
        low = m & ((1 << found.split) - 1)
        whole = (x * low <= _WORD).all() and (x * (m >> found.split) <= _WORD).all()
    ends = (there.low[:, None], there.high[:, None], 0 * there.low[:, None], there.first)
    sums = np.concatenate([end + away for end in ends for away in (-1, 0)], axis=1)
    sums = np.clip(sums, there.low[:, None], there.high[:, None])
    same = (found.apply(sums) == exact(sums, there.scale)).all()
    falls = (found.fall >= 0) & (found.fall < 1 << found.shift)
    return bool(whole and same and falls.all())
