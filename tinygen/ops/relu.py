"""RELU and RELU_N1_TO_1 as layers of their own: requantize, then clamp."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinygen.ir import Array, Operands
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.fixed_point import (
    Int64,
    float32_ratio,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.lookup import Lookup


class Relu(Lookup):
    kind = "RELU"
    activation: ClassVar[Activation] = Activation.RELU

    def codes(self, io: Operands, codes: Int64) -> Array:
        source, target = io.input(0).q, io.output.q
        multiplier, shift = quantize_multiplier(float32_ratio(source.scale, target.scale))
        value = multiply_by_quantized_multiplier(codes - source.zero_point, multiplier, shift)
        return np.clip(value + target.zero_point, *quantized_range(self.activation, target))


class ReluN1To1(Relu):
    kind = "RELU_N1_TO_1"
    activation = Activation.RELU_N1_TO_1
