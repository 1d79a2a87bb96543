"""ABS: the distance from zero, requantized where the scales differ."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, KernelCall, Operands
from tinygen.ops.fixed_point import (
    Int64,
    float32_ratio,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.lookup import Lookup
from tinygen.ops.rectify import ONE, Factor, rectify_call


class Abs(Lookup):
    kind = "ABS"

    def codes(self, io: Operands, codes: Int64) -> Array:
        value = np.abs(codes - io.input(0).q.zero_point)
        if (factor := self._factor(io)) is not ONE:
            value = multiply_by_quantized_multiplier(value, *factor)
        shifted = value + io.output.q.zero_point
        return np.asarray(np.clip(shifted, io.output.dtype.low, io.output.dtype.high))

    def call_int16(self, io: Operands) -> KernelCall:
        # What is multiplied is rounded alike on both sides of zero.
        factor = self._factor(io)
        bounds = io.output.dtype.low, io.output.dtype.high
        return rectify_call(io, factor, factor, bounds, negated=True)

    def _factor(self, io: Operands) -> Factor:
        source, target = io.input(0).q, io.output.q
        if source.scale == target.scale:
            return ONE
        return quantize_multiplier(float32_ratio(source.scale, target.scale))
