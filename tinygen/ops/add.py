"""ADD: both inputs rescaled to a common scale with extra bits, added, requantized."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Operands, ParamValue
from tinygen.ops.activation import quantized_range
from tinygen.ops.elementwise import Elementwise
from tinygen.ops.fixed_point import Int64, multiply_by_quantized_multiplier, quantize_multiplier

LEFT_SHIFT = {DType.INT8: 20, DType.INT16: 15}
"""Extra bits: 20 of int8, and of int16 as many as an int32 has room for."""


class Add(Elementwise):
    kind = "ADD"
    options_type = tflite.AddOptions
    ufunc: ClassVar[np.ufunc] = np.add
    kernel_name = "add"
    of_int16 = True
    sign = 1
    """Of the second input."""

    def real_multipliers(self, io: Operands) -> tuple[float, float, float]:
        """The factors of both inputs and of the sum, in double arithmetic."""
        scale0, scale1 = io.input(0).q.scale, io.input(1).q.scale
        twice_max = 2.0 * max(scale0, scale1)
        return (
            scale0 / twice_max,
            scale1 / twice_max,
            twice_max / ((1 << LEFT_SHIFT[io.output.dtype]) * io.output.q.scale),
        )

    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        low, high = quantized_range(self.activation, io.output.q, io.output.dtype)
        (m0, s0), (m1, s1), (m, s) = self._multipliers(io)
        return {
            "left_shift": LEFT_SHIFT[io.output.dtype],
            "zero_point0": io.input(0).q.zero_point,
            "multiplier0": m0,
            "shift0": s0,
            "zero_point1": io.input(1).q.zero_point,
            "multiplier1": m1,
            "shift1": s1,
            "sign1": self.sign,
            "multiplier": m,
            "shift": s,
            "zero_point": io.output.q.zero_point,
            "minimum": low,
            "maximum": high,
        }

    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:
        first, second, output = self._multipliers(io)
        low, high = quantized_range(self.activation, io.output.q, io.output.dtype)
        left = LEFT_SHIFT[io.output.dtype]
        wide_a = (a - io.input(0).q.zero_point) << left
        wide_b = (b - io.input(1).q.zero_point) << left
        total = multiply_by_quantized_multiplier(wide_a, *first)
        total = total + self.sign * multiply_by_quantized_multiplier(wide_b, *second)
        result = multiply_by_quantized_multiplier(total, *output) + io.output.q.zero_point
        return np.clip(result, low, high)

    def _multipliers(self, io: Operands) -> tuple[tuple[int, int], ...]:
        reals = self.real_multipliers(io)
        if reals[2] >= 1.0:
            raise UnsupportedModel(
                f"{self.kind} gives '{io.output.name}' the scale {io.output.q.scale:g}",
                why="it is a million times smaller than the inputs' scales",
            )
        return tuple(quantize_multiplier(real) for real in reals)
