"""ABS: the distance from zero, requantized where the scales differ."""

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


class Abs(Lookup):
    kind = "ABS"

    def codes(self, io: Operands, codes: Int64) -> Array:
        source, target = io.input(0).q, io.output.q
        value = np.abs(codes - source.zero_point)
        if source.scale != target.scale:
            factor = quantize_multiplier(float32_ratio(source.scale, target.scale))
            value = multiply_by_quantized_multiplier(value, *factor)
        return np.asarray(np.clip(value + target.zero_point, INT8_MIN, INT8_MAX))
