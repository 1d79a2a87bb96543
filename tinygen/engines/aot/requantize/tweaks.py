"""For kernels that add one number to a shifted sum and multiply once: the multiplier m of each
channel, and the tweak that is added, by which every code rises where it should."""

from __future__ import annotations

import numpy as np

from tinygen.engines.aot.requantize.stairs import Stairs
from tinygen.ir import Array
from tinygen.ops.fixed_point import Int64

_LIMIT = 1 << 31
_MULTIPLIERS = 24
"""How many m are tried for a channel, from the nearest outwards."""
_NEVER = 1 << 62


def multipliers_and_tweaks(
    there: Stairs,
    start: Int64,
    left: Int64 | int,
    level: Int64,
    real: Array,
    *,
    unit: int = 1,
    most: int = _LIMIT - 1,
) -> tuple[Int64, Int64] | None:
    """m and the tweak, both [channels], 0 where a channel's code is constant; None where there is
    no m for one of the others.

    A kernel computes x = (sum << left) + tweak of sums that are less by `start` [channels], and a
    code is reached where x * m is at least its `level` [steps]. For an m, that bounds the tweak
    from below at each threshold, and from above in front of it. `real` [channels] is what m would
    be without rounding; m is a multiple of `unit`. A tweak is at most `most`.
    """
    first = there.first - start[:, None]
    reached, missed = there.first <= there.high[:, None], there.first > there.low[:, None]
    shift = left if isinstance(left, int) else left[:, None]
    at, before = first << shift, first - 1 << shift
    nearest = np.rint(real / unit).astype(np.int64)
    open_ = ~there.constant
    multiplier, tweak = np.zeros_like(nearest), np.zeros_like(nearest)
    for i in range(_MULTIPLIERS):
        m = unit * (nearest + ((i + 1) // 2) * (1 if i % 2 else -1))
        usable = open_ & (m >= 1) & (m < _LIMIT)
        if not usable.any():
            break
        x = -(-level // np.where(usable, m, 1)[:, None])
        low = np.where(reached, x - at, -_NEVER).max(axis=1)
        high = np.where(missed, x - 1 - before, _NEVER).min(axis=1)
        fits = usable & (low <= high)
        middle = np.maximum(low, -_LIMIT) + np.minimum(high, most) >> 1
        multiplier, tweak = np.where(fits, m, multiplier), np.where(fits, middle, tweak)
        open_ &= ~fits
    return None if open_.any() else (multiplier, tweak)
