"""1 / sqrt(x) of an integer as a multiplier and a shift, by Newton's method in fixed point.

As TensorFlow Lite's kernels of RSQRT and L2_NORMALIZATION have it, step by step, since every
intermediate rounding is part of the result. "Qm" is an int32 with m integer bits.
"""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array
from tinygen.ops.fixed_functions import saturating_left_shift
from tinygen.ops.fixed_point import INT32_MAX, Int64, rounding_divide_by_pot, wrap_int32
from tinygen.ops.fixed_point import saturating_rounding_doubling_high_mul as high_mul

_ONE_Q3 = 1 << 28
_THREE_HALVES_Q3 = (1 << 28) + (1 << 27)
_SQRT_HALF_Q0 = 1518500250
_STEPS = 5


def inverse_sqrt(value: Array) -> tuple[Int64, Int64]:
    """(multiplier, shift) of int32 numbers: 1 / sqrt(x) ~ multiplier * 2**(shift - 31).

    Of 1, and of what is less, it is the largest multiplier there is.
    """
    wide: Int64 = np.asarray(value, np.int64)
    small = wide <= 1
    x, shift = np.where(small, 2, wide), np.full(wide.shape, 11, np.int64)
    for _ in range(2):  # an int32 is divided at most once; twice does no harm
        large = x >= 1 << 29
        x, shift = np.where(large, x // 4, x), shift + large
    headroom = 31 - np.floor(np.log2(x)).astype(np.int64)  # leading zeros of 32 bits
    pairs = (headroom - 1) // 2 - 1
    x, shift = x << (2 * pairs), shift - pairs
    root = _newton(x >> 1)
    scaled = high_mul(root, _SQRT_HALF_Q0)
    multiplier = np.where(shift < 0, scaled << np.maximum(-shift, 0), scaled)
    return (
        np.where(small, INT32_MAX, multiplier),
        np.where(small, 0, -np.maximum(shift, 0)),
    )


def _newton(x: Int64) -> Int64:
    """1 / sqrt(x) in Q3 for x in Q3, starting at 1."""
    half = rounding_divide_by_pot(x, 1)
    root = np.full(x.shape, _ONE_Q3, np.int64)
    for _ in range(_STEPS):
        cube = saturating_left_shift(high_mul(high_mul(root, root), root), 6)
        difference = high_mul(root, _THREE_HALVES_Q3) - high_mul(half, cube)
        root = saturating_left_shift(wrap_int32(difference), 3)
    return root
