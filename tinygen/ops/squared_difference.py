"""SQUARED_DIFFERENCE on int8: both inputs rescaled to a common scale with 7 extra bits,
subtracted, squared, requantized."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinygen.ir import Operands, ParamValue, portable
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.binary import Binary
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)

_LEFT_SHIFT = 7

Factors = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


class SquaredDifference(Binary):
    kind = "SQUARED_DIFFERENCE"
    kernel = portable("squared_difference")

    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        (m0, s0), (m1, s1), (m, s) = self._factors(io)
        return {
            "left_shift": _LEFT_SHIFT,
            "zero_point0": io.input(0).q.zero_point,
            "multiplier0": m0,
            "shift0": s0,
            "zero_point1": io.input(1).q.zero_point,
            "multiplier1": m1,
            "shift1": s1,
            "multiplier": m,
            "shift": s,
            "zero_point": io.output.q.zero_point,
        }

    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:
        first, second, output = self._factors(io)
        wide_a = (a - io.input(0).q.zero_point) << _LEFT_SHIFT
        wide_b = (b - io.input(1).q.zero_point) << _LEFT_SHIFT
        difference = multiply_by_quantized_multiplier(wide_a, *first)
        difference = difference - multiply_by_quantized_multiplier(wide_b, *second)
        scaled = multiply_by_quantized_multiplier(difference * difference, *output)
        return np.clip(wrap_int32(scaled + io.output.q.zero_point), INT8_MIN, INT8_MAX)

    def _factors(self, io: Operands) -> Factors:
        """(multiplier, shift) of both inputs and of the square."""
        scale0, scale1 = io.input(0).q.scale, io.input(1).q.scale
        twice_max = 2.0 * max(scale0, scale1)
        # The product with the output's scale is a float32: it is a power of two, hence exact.
        square = twice_max * twice_max / ((1 << 2 * _LEFT_SHIFT) * io.output.q.scale)
        return (
            quantize_multiplier(scale0 / twice_max),
            quantize_multiplier(scale1 / twice_max),
            quantize_multiplier(square),
        )
