"""RELU as a layer of its own: requantize, then clamp at zero."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, Operands
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import (
    Int64,
    float32_ratio,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.lookup import Lookup


class Relu(Lookup):
    kind = "RELU"

    def codes(self, io: Operands, codes: Int64) -> Array:
        source, target = io.input(0).q, io.output.q
        multiplier, shift = quantize_multiplier(float32_ratio(source.scale, target.scale))
        value = multiply_by_quantized_multiplier(codes - source.zero_point, multiplier, shift)
        low = max(INT8_MIN, target.zero_point)
        return np.clip(value + target.zero_point, low, INT8_MAX)
