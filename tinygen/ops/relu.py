"""RELU and RELU_N1_TO_1 as layers of their own: requantize, then clamp."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinygen.ir import Array, KernelCall, Operands
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.fixed_point import (
    Int64,
    float32_ratio,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.lookup import Lookup
from tinygen.ops.rectify import Factor, rectify_call


class Relu(Lookup):
    kind = "RELU"
    activation: ClassVar[Activation] = Activation.RELU

    def codes(self, io: Operands, codes: Int64) -> Array:
        centred = codes - io.input(0).q.zero_point
        value = multiply_by_quantized_multiplier(centred, *self._factor(io))
        return np.clip(value + io.output.q.zero_point, *self._bounds(io))

    def call_int16(self, io: Operands) -> KernelCall:
        factor = self._factor(io)
        return rectify_call(io, factor, factor, self._bounds(io))

    def _factor(self, io: Operands) -> Factor:
        return quantize_multiplier(float32_ratio(io.input(0).q.scale, io.output.q.scale))

    def _bounds(self, io: Operands) -> tuple[int, int]:
        return quantized_range(self.activation, io.output.q, io.output.dtype)


class ReluN1To1(Relu):
    kind = "RELU_N1_TO_1"
    activation = Activation.RELU_N1_TO_1
