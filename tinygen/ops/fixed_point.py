"""Integer arithmetic of TensorFlow Lite's int8 specification, with double rounding.

After Jacob et al., "Quantization and Training of Neural Networks for Efficient
Integer-Arithmetic-Only Inference" (2018), section 2.4, as gemmlowp defines the operations.
All functions take and give int64 arrays that hold int32 values, unless said otherwise.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array

INT32_MIN = -(1 << 31)
INT32_MAX = (1 << 31) - 1

Int64 = NDArray[np.int64]


def wrap_int32(value: Array) -> Int64:
    """The low 32 bits as a signed number: what int32 arithmetic leaves after an overflow."""
    return value.astype(np.int64).astype(np.int32).astype(np.int64)


def leading_zeros(value: Array) -> Int64:
    """Of 32 bits, of numbers that are not negative; 32 of zero."""
    _, bits = np.frexp(value.astype(np.float64))
    return 32 - bits.astype(np.int64)


def quantize_multiplier(real: float) -> tuple[int, int]:
    """A positive real number as (multiplier, shift): real ~ multiplier * 2**(shift - 31).

    The multiplier is in [2**30, 2**31); numbers too small for a shift of -31 become (0, 0).
    """
    if real == 0.0:
        return 0, 0
    if not math.isfinite(real):
        raise _too_large(real)
    mantissa, shift = math.frexp(real)
    fixed = math.floor(mantissa * (1 << 31) + 0.5)  # mantissa > 0: half away from zero
    if fixed == 1 << 31:
        fixed //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    if shift > 30:
        raise _too_large(real)
    return fixed, shift


def _too_large(real: float) -> UnsupportedModel:
    return UnsupportedModel(
        f"a scale ratio of {real:g} is too large for 32-bit requantization",
        why="the scales of a layer's inputs, weights and output do not belong together",
    )


def float32_ratio(a: float, b: float) -> float:
    """a / b as float32 arithmetic rounds it, which reaches multipliers; infinite if too large."""
    with np.errstate(over="ignore"):
        return float(np.float32(a) / np.float32(b))


def saturating_rounding_doubling_high_mul(a: Array, b: Array | int) -> Int64:
    """round(a * b / 2**31), ties toward plus infinity; saturates for two times INT32_MIN.

    gemmlowp writes it as a truncating division with a nudge that depends on the sign; the
    floor of product + 2**30 is the same number for every product.
    """
    product: Int64 = a.astype(np.int64) * np.asarray(b, dtype=np.int64)
    rounded: Int64 = (product + (1 << 30)) >> 31
    return np.minimum(rounded, INT32_MAX)


def rounding_divide_by_pot(value: Array, exponent: Array | int) -> Int64:
    """value / 2**exponent, rounded half away from zero."""
    wide: Int64 = value.astype(np.int64)
    exponent = np.asarray(exponent, dtype=np.int64)
    mask = (np.int64(1) << exponent) - 1
    remainder = wide & mask
    threshold = (mask >> 1) + (wide < 0)
    return (wide >> exponent) + (remainder > threshold).astype(np.int64)


def multiply_by_quantized_multiplier(
    value: Array, multiplier: Array | int, shift: Array | int
) -> Int64:
    """value * multiplier * 2**(shift - 31) with both roundings: the requantization step."""
    shift = np.asarray(shift, dtype=np.int64)
    left = np.maximum(shift, 0)
    right = np.maximum(-shift, 0)
    shifted = wrap_int32(value.astype(np.int64) << left)
    return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(shifted, multiplier), right)
