"""The numbers of a form for given stairs: bounded, and vectorised over channels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.requantize.forms import LIMIT, Fast, Form, agrees
from tinygen.engines.aot.requantize.stairs import Bools, Stairs, exact
from tinygen.ir import Array
from tinygen.ops.fixed_point import Int64

_TWEAKS = 2048
"""How far a register may be moved, in its own unit."""
_FEW_TWEAKS = 16
"""The same, for a first try at the multiplier that is nearest."""
_AWAY = (1, -1, 2, -2, 3, -3)
"""Multipliers that are tried beside the one with the widest window."""
_AT_A_TIME = 16
"""Channels that are searched at a time."""
_SHIFTS = 10
"""How many shifts are tried for a whole layer, beside the preferred ones."""
_MOST_SHIFT = 23
"""With 8 bits of code and the 32 of SMMLAR these are 63."""
_NEVER = 1 << 62


def fastest(
    there: Stairs,
    factor: int | Array = 1,
    *,
    shifts: Sequence[int] = (),
    forms: Sequence[Form] = tuple(Form),
    common: bool = True,
) -> Fast | None:
    """The first of the forms that computes these stairs, for registers of `factor` times the sum
    (one factor, or one per channel), or None.

    FLOOR and SIGN are searched with one S for all channels, those of `shifts` first, so that equal
    layers can share theirs; if that is not asked for, each channel has its own.
    """
    factors = np.broadcast_to(np.asarray(factor, np.int64), (there.channels,))
    for form in forms:
        if form is Form.TWICE:
            found = _twice(there, factors)
        else:
            found = _searched(there, factors, form, shifts, common)
        if found is not None:
            return found
    return None


class _Numbers(NamedTuple):
    """m, k, S and the tweak of each channel."""

    m: Int64
    k: Int64
    s: Int64
    tweak: Int64

    def part(self, channels: Array) -> _Numbers:
        return _Numbers(*(each[channels] for each in self))

    def put(self, channels: Array, found: _Numbers) -> None:
        for mine, theirs in zip(self, found, strict=True):
            mine[channels] = theirs


def _right(there: Stairs) -> Int64:
    return -there.scale.shift.astype(np.int64)


def _reach(there: Stairs) -> Int64:
    return np.maximum(np.abs(there.low), np.abs(there.high))


def _twice(there: Stairs, factors: Int64) -> Fast | None:
    """The specification's own two roundings; the factor is a power of two, at least 2."""
    constant, right = there.constant, _right(there)
    s = np.where(constant, right[~constant].min(initial=_MOST_SHIFT), right)
    halves = (1 << np.clip(s, 1, _MOST_SHIFT)) >> 1
    k = there.scale.zero_point * 2 * halves + halves
    fits = (factors >= 2) & (factors & (factors - 1) == 0) & (s >= 1) & (s <= _MOST_SHIFT)
    fits &= ((_reach(there) + 1) * factors < LIMIT) & (_reach(there) + np.abs(k) + 2 < LIMIT)
    if not (fits | constant).all() or (s < 1).any():
        return None
    before = np.log2(np.maximum(factors, 2)).astype(np.int64) - 1
    numbers = _Numbers(there.scale.multiplier.astype(np.int64), k, s, 0 * k)
    return _finished(there, factors, Form.TWICE, numbers, before=before)


def _finished(
    there: Stairs,
    factors: Int64,
    form: Form,
    numbers: _Numbers,
    *,
    before: Int64 | None = None,
    sign: int = 0,
) -> Fast:
    """With constant channels made what they are, and held against the specification once more."""
    constant = there.constant
    code = exact(there.low[:, None], there.scale)[:, 0]
    half = (1 << numbers.s) >> 1  # a sign that is added then changes nothing
    fast = Fast(
        form=form,
        factor=factors,
        multiplier=np.where(constant, 0, numbers.m),
        addend=np.where(constant, code * 2 * half + half, numbers.k),
        shift=numbers.s,
        tweak=np.where(constant, 0, numbers.tweak),
        before=0 * numbers.s if before is None else before,
        sign=sign,
    )
    ends = fast.registers(np.stack([there.low, there.high], axis=1))
    clamped = replace(fast, clamp=(there.scale.low, there.scale.high))
    if not (fast.apply(ends) == clamped.apply(ends)).all():  # in between no code is beyond both
        fast = clamped
    if not agrees(fast, there):
        raise AssertionError(f"{form} does not compute what it was found for")
    return fast


def _searched(
    there: Stairs, factors: Int64, form: Form, shifts: Sequence[int], common: bool
) -> Fast | None:
    """m, k and the tweak of every channel, with the S that leaves m most bits, or less."""
    numbers = _Numbers(*(np.ones(there.channels, np.int64) for _ in range(4)))
    live = np.flatnonzero(~there.constant)
    if not live.size:
        numbers.s[:] = next(iter(shifts), 1)
        return _finished(there, factors, form, numbers)
    search = _Search(there.part(live), factors[live], form)
    tops = search.tops()
    if (tops < 1).any():
        return None
    if form is Form.FLOOR and not search.possible(tops):
        return None
    hard = search
    for s, sign in search.orders(tops, shifts, common):
        if hard is not search and not hard.solve(s[hard.channels], sign)[0].all():
            continue  # what found no solution the last time has none again
        solved, found = search.solve(s, sign)
        if solved.all():
            numbers.s[:] = found.s.min()
            numbers.put(live, found)
            return _finished(there, factors, form, numbers, sign=sign)
        hard = search.part(np.flatnonzero(~solved)[:_AT_A_TIME])
    return None


class _Search:
    """For channels whose code changes: a register x has a code of at least v where
    x * m + C >= v * 2^(32 + S), for C = k * 2^32 + 2^31. Each threshold so bounds C from below, and
    the sum in front of it from above; in between is a window for C, a concave function of m."""

    def __init__(
        self, there: Stairs, factors: Int64, form: Form, channels: Array | None = None
    ) -> None:
        self.channels = np.arange(there.channels) if channels is None else channels
        """Of the search that this one is a part of."""
        self._there, self._factors, self._form = there, factors, form
        self._real = there.scale.multiplier * np.exp2(there.scale.shift - 31.0)
        first = there.first
        self._at, self._before = first * factors[:, None], (first - 1) * factors[:, None]
        self._reached, self._missed = first <= there.high[:, None], first > there.low[:, None]
        # The sign that is added takes from what is below zero.
        signed = form is Form.SIGN
        self._at_sign, self._before_sign = (first < 0) & signed, (first <= 0) & signed
        self._reach = _reach(there) * factors + _TWEAKS

    def part(self, channels: Array) -> _Search:
        """For these channels only."""
        return _Search(self._there.part(channels), self._factors[channels], self._form, channels)

    def tops(self) -> Int64:
        """The greatest S of each channel for which m is below 2^31 and nothing overflows; 0 where
        a register could."""
        most = np.log2(self._factors / self._real) - 1e-9  # real * 2^(32 + S) / factor < 2^31
        s = np.minimum(np.ceil(most) - 2, _MOST_SHIFT).astype(np.int64)
        # |x * m / 2^32| is about the code times 2^S, beyond int8 as far as sums go.
        codes = self._reach / self._factors * self._real + 129
        s = np.minimum(s, np.floor(31 - np.log2(codes) - 1e-9).astype(np.int64))
        return np.where(self._reach < LIMIT, s, 0)

    def orders(
        self, tops: Int64, shifts: Sequence[int], common: bool
    ) -> Iterator[tuple[Int64, int]]:
        """S per channel, and the sign's shift: what is cheap and likely first."""
        top, right = int(tops.min()), _right(self._there)
        tried = dict.fromkeys((*shifts, *range(top, max(0, top - _SHIFTS), -1)))
        some = [s for s in tried if 1 <= s <= top]
        if self._form is Form.FLOOR:
            if not common:
                yield tops, 0
            yield from ((np.full_like(tops, s), 0) for s in some)
            return
        # The half that goes away from zero is one of 2^right in a code.
        if not common:
            most = int((tops - right).min())
            yield from ((right + t, t) for t in range(most, -1, -1) if (right + t >= 1).all())
            return
        rights = sorted({int(r) for r in right if 1 <= r <= top}, reverse=True)
        yield from ((np.full_like(tops, s), 0) for s in rights)
        for s in some:
            signs = sorted({s - int(r) for r in right if 1 <= r < s})
            yield from ((np.full_like(tops, s), t) for t in signs)

    def possible(self, tops: Int64) -> bool:
        """Whether the hardest channels, some of them, have a window at all. Without a sign, less S
        gives them none either."""
        solved, _ = self._fitted(self._estimate(tops), tops, 0, _FEW_TWEAKS)
        rest = np.flatnonzero(~solved)[:_AT_A_TIME]
        if not rest.size:
            return True
        hard, s = self.part(rest), tops[rest]
        return bool((hard._window(hard._widest(s, 0), s, 0)[1] > 0).all())

    def solve(self, s: Int64, sign: int) -> tuple[Bools, _Numbers]:
        """Which channels have a solution for their S, and it; soon over where one has none."""
        solved, found = self._fitted(self._estimate(s), s, sign, _FEW_TWEAKS)
        rest = np.flatnonzero(~solved)
        for start in range(0, rest.size, _AT_A_TIME):
            some = rest[start : start + _AT_A_TIME]
            solved[some], numbers = self.part(some)._searched(s[some], sign)
            found.put(some, numbers)
            if not solved[some].all():
                break
        return solved, found

    def _searched(self, s: Int64, sign: int) -> tuple[Bools, _Numbers]:
        """The same for few channels, with more multipliers and tweaks."""
        best = self._widest(s, sign)
        solved, found = self._fitted(best, s, sign, _TWEAKS)
        if (self._window(best, s, sign)[1] > 0).all():
            for away in _AWAY:
                if solved.all():
                    break
                m = np.clip(best + away, 1, LIMIT - 1)
                now, other = self._fitted(m, s, sign, _TWEAKS)
                found.put(now, other.part(now))
                solved |= now
        return solved, found

    def _estimate(self, s: Int64) -> Int64:
        m = np.rint(self._real * np.exp2(32.0 + s) / self._factors)
        estimate: Int64 = np.clip(m, 1, LIMIT - 1).astype(np.int64)
        return estimate

    def _window(self, m: Int64, s: Int64, sign: int) -> tuple[Int64, Int64, Int64]:
        """The least C, how many there are, and which way of m that number grows."""
        level, taken = self._there.codes << (32 + s)[:, None], 1 << (32 + sign)
        slope = m[:, None]
        low = np.where(self._at_sign, level + taken, level) - self._at * slope
        high = np.where(self._before_sign, level + taken, level) - self._before * slope
        low, high = np.where(self._reached, low, -_NEVER), np.where(self._missed, high, _NEVER)
        at, before = low.argmax(axis=1), high.argmin(axis=1)
        rows = np.arange(at.size)
        rises = np.sign(self._at[rows, at] - self._before[rows, before])
        least = low[rows, at]
        return least, high[rows, before] - least, rises

    def _widest(self, s: Int64, sign: int) -> Int64:
        """The m with the widest window, by bisection along its slope around the estimate."""
        m = self._estimate(s)
        around = (m >> 8) + 2
        low, high = np.maximum(m - around, 1), np.minimum(m + around, LIMIT - 1)
        while (low < high).any():
            middle = (low + high) >> 1
            rises = self._window(middle, s, sign)[2] > 0
            low, high = (
                np.where(rises, np.minimum(middle + 1, high), low),
                np.where(rises, high, middle),
            )
        # The slope is that of one side of a corner: the neighbour in front may be the better one.
        before = np.maximum(low - 1, 1)
        better = self._window(before, s, sign)[1] > self._window(low, s, sign)[1]
        return np.where(better, before, low)

    def _fitted(self, m: Int64, s: Int64, sign: int, most: int) -> tuple[Bools, _Numbers]:
        """k and the least tweak that put C into the window for this m, and which channels have
        them."""
        least, size, _ = self._window(m, s, sign)
        steps = np.arange(most + 1)
        if self._form is Form.SIGN:  # a register keeps the sign of its sum
            tweaks, allowed = steps[None, :], steps[None, :] < self._factors[:, None]
        else:
            tweaks = np.stack([steps, -steps], axis=1).reshape(1, -1)
            allowed = np.ones_like(tweaks, np.bool_)
        moved = tweaks * m[:, None] + (1 << 31)
        k = -((moved - least[:, None]) >> 32)  # the least one with C in or behind the window
        inside = allowed & (moved + (k << 32) - least[:, None] < size[:, None])
        at = inside.argmax(axis=1)
        rows = np.arange(at.size)
        k, tweak = k[rows, at], np.broadcast_to(tweaks, inside.shape)[rows, at]
        top = (self._reach * m >> 32) + np.abs(k) + (1 << sign) + 1
        solved = inside.any(axis=1) & (self._reach < LIMIT) & (top < LIMIT)
        return solved, _Numbers(m.copy(), k, s.copy(), tweak)
