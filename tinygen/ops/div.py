"""DIV on int8: the first value by the fixed-point reciprocal of the second, requantized."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Given, Interval, Operands, Tensor
from tinygen.ops.activation import INT8_MAX, INT8_MIN, quantized_range
from tinygen.ops.elementwise import Scaled
from tinygen.ops.fixed_functions import one_over_one_plus_x
from tinygen.ops.fixed_point import (
    Int64,
    float32_ratio,
    leading_zeros,
    quantize_multiplier,
    rounding_divide_by_pot,
)
from tinygen.ops.fixed_point import saturating_rounding_doubling_high_mul as high_mul

_WIDEST = 31
"""A processor shifts an int32 by no more in one way that all agree on."""


class Div(Scaled):
    """Of a divisor of zero it is what the arithmetic makes of it, on every processor the same."""

    kind = "DIV"
    options_type = tflite.DivOptions
    ufunc: ClassVar[np.ufunc] = np.divide
    kernel_name = "div"

    def check(self, io: Operands) -> None:
        super().check(io)
        if io.output.dtype is not DType.INT8:
            return
        every = np.meshgrid(*(_values(io.input(i)) for i in (0, 1)))
        value, _, right = self._shifts(io, *every)
        if ((right < 0) | ((right > _WIDEST) & (value != 0))).any():
            raise UnsupportedModel(
                f"DIV '{io.output.name}' has quotients too small or too large for its steps of "
                f"{io.output.q.scale:g}",
                why="TensorFlow Lite Micro's kernel shifts an int32 by more bits than it has: what "
                "comes of that hangs on the processor",
                next_step="multiply by the reciprocal, where the divisor is constant; else keep "
                "the divisor away from zero, which makes the output's steps finer",
            )

    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:
        low, high = quantized_range(self.activation, io.output.q)
        multiplier, _ = self.multiplier(io)
        divisor = b - io.input(1).q.zero_point
        value, headroom, right = self._shifts(io, a - io.input(0).q.zero_point, divisor)
        zeros = leading_zeros(np.abs(divisor))
        # (1 + fraction) * 2**(31 - zeros): zero has all bits out of the 32 there are.
        fraction = np.where(zeros > _WIDEST, 0, np.abs(divisor) << np.minimum(zeros, _WIDEST))
        reciprocal = one_over_one_plus_x(fraction - (1 << 31))
        quotient = high_mul(high_mul(value << headroom, reciprocal), multiplier)
        steps = rounding_divide_by_pot(quotient, np.clip(right, 0, _WIDEST))
        # Only zero is shifted by more, and is one then.
        whole: Int64 = np.where(right > _WIDEST, 1, steps) + io.output.q.zero_point
        return np.clip(whole, low, high)

    def _shifts(self, io: Operands, value: Int64, divisor: Int64) -> tuple[Int64, Int64, Int64]:
        """The value with the quotient's sign, how far it can be shifted left, and how far right
        the quotient has to be."""
        signed = value * np.where(divisor < 0, -1, 1)
        headroom = leading_zeros(np.where(signed < 0, ~signed, signed)) - 1
        _, shift = self.multiplier(io)
        return signed, headroom, headroom + _WIDEST - leading_zeros(np.abs(divisor)) - shift

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if io.output.dtype is DType.INT8:
            return (Interval.of(*quantized_range(self.activation, io.output.q)),)
        return super().ranges(io, inputs)

    def multiplier(self, io: Operands) -> tuple[int, int]:
        first, second, output = (np.float32(t.q.scale) for t in (*io.every_input, io.output))
        with np.errstate(over="ignore"):
            return quantize_multiplier(float32_ratio(float(first), float(second * output)))


def _values(tensor: Tensor) -> Int64:
    """All numbers above its zero point that the tensor may hold."""
    codes = np.arange(INT8_MIN, INT8_MAX + 1) if tensor.data is None else np.unique(tensor.data)
    return codes.astype(np.int64) - tensor.q.zero_point
