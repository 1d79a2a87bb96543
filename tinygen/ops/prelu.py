"""PRELU: x above zero, a slope times x below, one for each channel mostly; both are broadcast."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinygen.ir import Operands, ParamValue
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.binary import Binary
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)


class Prelu(Binary):
    """Inputs: a tensor, slopes."""

    kind = "PRELU"
    kernel_name = "prelu"

    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        (multiplier, shift), (slope_multiplier, slope_shift) = self._factors(io)
        return {
            "zero_point0": io.input(0).q.zero_point,
            "zero_point1": io.input(1).q.zero_point,
            "multiplier": multiplier,
            "shift": shift,
            "slope_multiplier": slope_multiplier,
            "slope_shift": slope_shift,
            "zero_point": io.output.q.zero_point,
        }

    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:
        above, below = self._factors(io)
        value, slope = np.broadcast_arrays(
            a - io.input(0).q.zero_point, b - io.input(1).q.zero_point
        )
        scaled = np.where(
            value >= 0,
            multiply_by_quantized_multiplier(value, *above),
            multiply_by_quantized_multiplier(value * slope, *below),
        )
        return np.clip(wrap_int32(scaled + io.output.q.zero_point), INT8_MIN, INT8_MAX)

    def _factors(self, io: Operands) -> tuple[tuple[int, int], tuple[int, int]]:
        """(multiplier, shift) above zero and below."""
        source, slopes, output = io.input(0).q.scale, io.input(1).q.scale, io.output.q.scale
        return quantize_multiplier(source / output), quantize_multiplier(source * slopes / output)
