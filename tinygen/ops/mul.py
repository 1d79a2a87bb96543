"""MUL: the product of both values, requantized."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tflite

from tinygen.ir import DType, Given, Interval, Operands
from tinygen.ops.activation import quantized_range
from tinygen.ops.elementwise import Scaled
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)

_WRAPS = 14
"""A product of codes is at most 2**16: shifted left by more than this, int32 may wrap."""


class Mul(Scaled):
    kind = "MUL"
    options_type = tflite.MulOptions
    ufunc: ClassVar[np.ufunc] = np.multiply
    kernel_name = "mul"
    of_int16 = True

    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:
        low, high = quantized_range(self.activation, io.output.q, io.output.dtype)
        product = (a - io.input(0).q.zero_point) * (b - io.input(1).q.zero_point)
        result = multiply_by_quantized_multiplier(product, *self.multiplier(io))
        return np.clip(wrap_int32(result + io.output.q.zero_point), low, high)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if io.output.dtype is DType.INT8 and self.multiplier(io)[1] > _WRAPS:
            return (Interval.of(*quantized_range(self.activation, io.output.q)),)
        return super().ranges(io, inputs)

    def multiplier(self, io: Operands) -> tuple[int, int]:
        scales = io.input(0).q.scale * io.input(1).q.scale / io.output.q.scale
        return quantize_multiplier(scales)
