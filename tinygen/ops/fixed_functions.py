"""exp, logistic, tanh and the reciprocal in 32-bit fixed point, as gemmlowp defines them.

TensorFlow Lite's int8 LOGISTIC, TANH and SOFTMAX are built on these. A number in format "Qm" is
an int32 with m integer bits and 31 - m fractional bits, so Q0 holds [-1, 1). Arrays are int64
that hold int32 values. Each function follows the published algorithm step by step, since every
intermediate rounding is part of the result.
"""

from __future__ import annotations

import math

import numpy as np

from tinygen.ir import Array
from tinygen.ops.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    Int64,
    leading_zeros,
    multiply_by_quantized_multiplier,
    rounding_divide_by_pot,
    wrap_int32,
)
from tinygen.ops.fixed_point import saturating_rounding_doubling_high_mul as high_mul

ONE_Q0 = INT32_MAX
"""The largest Q0 number stands for 1."""

_EXP_MINUS_ONE_EIGHTH = 1895147668
_ONE_THIRD = 715827883
_EXP_MINUS_POWERS = (
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)
"""(k, exp(-2**k) in Q0)."""
_48_OVER_17_Q2 = 1515870810
_MINUS_32_OVER_17_Q2 = -1010580540
_ONE_Q2 = 1 << 29


def saturating_left_shift(value: Array, exponent: int) -> Int64:
    """value * 2**exponent, held inside int32."""
    wide: Int64 = value.astype(np.int64) << exponent
    return np.clip(wide, INT32_MIN, INT32_MAX)


def _exp_in_last_quarter(a: Int64) -> Int64:
    """exp(a) for a in [-1/4, 0), Q0 to Q0: a Taylor polynomial around -1/8."""
    x = a + (1 << 28)
    x2 = high_mul(x, x)
    x3 = high_mul(x2, x)
    x4 = high_mul(x2, x2)
    thirds = high_mul(rounding_divide_by_pot(x4, 2) + x3, _ONE_THIRD)
    higher = rounding_divide_by_pot(thirds + x2, 1)
    return _EXP_MINUS_ONE_EIGHTH + high_mul(x + higher, _EXP_MINUS_ONE_EIGHTH)


def exp_on_negative_values(a: Array, integer_bits: int) -> Int64:
    """exp(a) in Q0 for a <= 0 in Q`integer_bits`; `integer_bits` is at most 5."""
    wide: Int64 = a.astype(np.int64)
    fractional_bits = 31 - integer_bits
    quarter = 1 << (fractional_bits - 2)
    in_quarter = (wide & (quarter - 1)) - quarter
    result = _exp_in_last_quarter(saturating_left_shift(in_quarter, integer_bits))
    remainder = in_quarter - wide
    for power, factor in _EXP_MINUS_POWERS:
        if integer_bits > power:
            bit = (remainder >> (fractional_bits + power)) & 1
            result = np.where(bit != 0, high_mul(result, factor), result)
    return np.where(wide == 0, ONE_Q0, result)


def _newton_reciprocal(a: Array) -> Int64:
    """2 / (1 + a) in Q2 for a in [0, 1] in Q0: three steps of Newton's division."""
    total = a.astype(np.int64) + ONE_Q0
    half_denominator = np.where(total < 0, -((1 - total) // 2), (total + 1) // 2)
    x = _48_OVER_17_Q2 + high_mul(half_denominator, _MINUS_32_OVER_17_Q2)
    for _ in range(3):
        error = _ONE_Q2 - high_mul(half_denominator, x)
        x = wrap_int32(x + saturating_left_shift(high_mul(x, error), 2))
    return x


def one_over_one_plus_x(a: Array) -> Int64:
    """1 / (1 + a) in Q0 for a in [0, 1] in Q0."""
    return saturating_left_shift(_newton_reciprocal(a), 1)


def one_minus_x_over_one_plus_x(a: Array) -> Int64:
    """(1 - a) / (1 + a) in Q0 for a in [0, 1] in Q0."""
    return saturating_left_shift(_newton_reciprocal(a) - _ONE_Q2, 2)


def logistic(a: Array, integer_bits: int) -> Int64:
    """1 / (1 + exp(-a)) in Q0 for a in Q`integer_bits`."""
    wide: Int64 = a.astype(np.int64)
    positive = one_over_one_plus_x(exp_on_negative_values(-np.abs(wide), integer_bits))
    result = np.where(wide > 0, positive, ONE_Q0 - positive)
    return np.where(wide == 0, np.int64(1 << 30), result)


def tanh(a: Array, integer_bits: int) -> Int64:
    """tanh(a) in Q0 for a in Q`integer_bits`; `integer_bits` is at most 4."""
    wide: Int64 = a.astype(np.int64)
    # The same bits read with one more integer bit are 2 * a.
    doubled = exp_on_negative_values(-np.abs(wide), integer_bits + 1)
    magnitude = one_minus_x_over_one_plus_x(doubled)
    return np.where(wide == 0, np.int64(0), np.where(wide < 0, -magnitude, magnitude))


def input_radius(integer_bits: int, left_shift: int) -> int:
    """The largest integer that, shifted left, stays inside Q`integer_bits`."""
    largest = ((1 << integer_bits) - 1) << (31 - integer_bits)
    return largest >> left_shift if left_shift >= 0 else largest << -left_shift


def input_multiplier(real: float) -> tuple[int, int]:
    """A positive real as (multiplier, left shift): `quantize_multiplier` for the input of a
    function, where a shift past 30 is allowed since `input_radius` then leaves no input to shift.
    """
    mantissa, shift = math.frexp(real)
    fixed = math.floor(mantissa * (1 << 31) + 0.5)
    return (fixed // 2, shift + 1) if fixed == 1 << 31 else (fixed, shift)


def rescale_input(value: Array, multiplier: int, left_shift: int) -> Int64:
    """round(value * multiplier * 2**(left_shift - 31)) for values inside the input radius."""
    return multiply_by_quantized_multiplier(value, multiplier, min(left_shift, 31))


_NEAR_Q0 = 1805811301
"""2**-(1/4): around it the logarithm is approximated."""
_SQRT_HALF_Q0 = 1518500250
_LOG_TWO_Q0 = 1488522236


def log_from_one_on(a: Array, integer_bits: int, output_bits: int) -> Int64:
    """log(a) in Q`output_bits` for a >= 1 in Q`integer_bits`.

    a is a power of two times r, at most 1, of which a quotient of polynomials is the logarithm. Of
    two such pairs, for a and for a / sqrt(2), the lesser r and the greater power are taken.
    """
    x: Int64 = a.astype(np.int64)
    bits = output_bits + 1
    quarter = 1 << (31 - bits - 2)
    zeros = leading_zeros(x)
    r = saturating_left_shift(high_mul(x << (zeros - 1), _SQRT_HALF_Q0), 1)
    power = ((integer_bits - zeros) << (31 - bits)) + quarter
    zeros = leading_zeros(high_mul(x, _SQRT_HALF_Q0)) - 1
    r = np.minimum(r, np.minimum(x << zeros, INT32_MAX))
    power = np.maximum(power, ((integer_bits - zeros) << (31 - bits)) - quarter)

    p = (r + _NEAR_Q0 + 1) // 2
    q = 2 * (r - _NEAR_Q0)
    square = high_mul(q, q)
    numerator = high_mul(q, r) + high_mul(high_mul(q, square), 117049297)
    denominator = high_mul(p, 1057819769 + q + high_mul(square, 127690142))
    denominator = denominator + high_mul(q, 638450708)
    fraction = high_mul(rounding_divide_by_pot(numerator, bits), one_over_one_plus_x(denominator))
    return saturating_left_shift(high_mul(power, _LOG_TWO_Q0) + fraction, 1)
