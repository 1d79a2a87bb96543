"""SQUARED_DIFFERENCE: both inputs rescaled to a common scale, subtracted, squared, requantized."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinygen.ir import DType, Operands, ParamValue
from tinygen.ops.binary import Binary
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)

_LEFT_SHIFT = {DType.INT8: 7, DType.INT16: 0}
"""Extra bits: a square of the difference of two codes is below 2^30."""

Factors = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


class SquaredDifference(Binary):
    kind = "SQUARED_DIFFERENCE"
    kernel_name = "squared_difference"
    of_int16 = True

    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        (m0, s0), (m1, s1), (m, s) = self._factors(io)
        return {
            "left_shift": _LEFT_SHIFT[io.output.dtype],
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
        left = _LEFT_SHIFT[io.output.dtype]
        wide_a = (a - io.input(0).q.zero_point) << left
        wide_b = (b - io.input(1).q.zero_point) << left
        difference = multiply_by_quantized_multiplier(wide_a, *first)
        difference = difference - multiply_by_quantized_multiplier(wide_b, *second)
        scaled = multiply_by_quantized_multiplier(difference * difference, *output)
        made = io.output.dtype
        return np.clip(wrap_int32(scaled + io.output.q.zero_point), made.low, made.high)

    def _factors(self, io: Operands) -> Factors:
        """(multiplier, shift) of both inputs and of the square."""
        scale0, scale1 = io.input(0).q.scale, io.input(1).q.scale
        twice_max = 2.0 * max(scale0, scale1)
        # The product with the output's scale is a float32: it is a power of two, hence exact.
        square = (
            twice_max * twice_max / ((1 << 2 * _LEFT_SHIFT[io.output.dtype]) * io.output.q.scale)
        )
        return (
            quantize_multiplier(scale0 / twice_max),
            quantize_multiplier(scale1 / twice_max),
            quantize_multiplier(square),
        )
