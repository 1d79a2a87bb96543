"""LEAKY_RELU: x above zero, alpha * x below, each side with a requantization of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.ir import Array, KernelCall, Operands
from tinygen.ops import require
from tinygen.ops.fixed_point import (
    Int64,
    float32_ratio,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.lookup import Lookup
from tinygen.ops.parse import Parser
from tinygen.ops.rectify import Factor, rectify_call


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
        identity, alpha, sign = self._factors(io)
        value = codes - io.input(0).q.zero_point
        negative = multiply_by_quantized_multiplier(value, *alpha) * sign
        positive = multiply_by_quantized_multiplier(value, *identity)
        result: Int64 = np.where(value >= 0, positive, negative) + io.output.q.zero_point
        return np.clip(result, io.output.dtype.low, io.output.dtype.high)

    def call_int16(self, io: Operands) -> KernelCall:
        identity, alpha, sign = self._factors(io)
        bounds = io.output.dtype.low, io.output.dtype.high
        return rectify_call(io, identity, alpha, bounds, negated=sign < 0)

    def _factors(self, io: Operands) -> tuple[Factor, Factor, int]:
        """Above zero, below it without its sign, and that sign."""
        source, target = io.input(0).q, io.output.q
        with np.errstate(over="ignore"):
            product = float(np.float32(source.scale) * np.float32(self.alpha))
        below = float32_ratio(product, target.scale)
        identity = quantize_multiplier(float32_ratio(source.scale, target.scale))
        return identity, quantize_multiplier(abs(below)), -1 if below < 0 else 1
