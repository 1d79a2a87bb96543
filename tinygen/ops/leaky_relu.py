"""LEAKY_RELU: x above zero, alpha * x below, each side with a requantization of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.ir import Array, Operands
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import (
    Int64,
    float32_ratio,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.lookup import Lookup
from tinygen.ops.parse import Parser


@dataclass(frozen=True)
class LeakyRelu(Lookup):
    alpha: float
    """Slope below zero, a float32 value."""

    kind = "LEAKY_RELU"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.LeakyReluOptions)
        return cls(alpha=require.finite(cls.kind, "alpha", float(options.Alpha())))

    def codes(self, io: Operands, codes: Int64) -> Array:
        source, target = io.input(0).q, io.output.q
        identity = quantize_multiplier(float32_ratio(source.scale, target.scale))
        with np.errstate(over="ignore"):
            product = float(np.float32(source.scale) * np.float32(self.alpha))
        below = float32_ratio(product, target.scale)
        alpha = quantize_multiplier(abs(below))
        value = codes - source.zero_point
        negative = multiply_by_quantized_multiplier(value, *alpha) * (-1 if below < 0 else 1)
        positive = multiply_by_quantized_multiplier(value, *identity)
        result: Int64 = np.where(value >= 0, positive, negative) + target.zero_point
        return np.clip(result, INT8_MIN, INT8_MAX)
