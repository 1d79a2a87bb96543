"""PRELU: x above zero, a slope times x below, one for each channel mostly; both are broadcast."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tinygen.ir import DType, KernelCall, Lowered, Operands, ParamValue
from tinygen.ops import require
from tinygen.ops.binary import Binary
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)


class Prelu(Binary):
    """Inputs: a tensor, slopes, which are int8 whatever the tensor is."""

    kind = "PRELU"
    kernel_name = "prelu"
    of_int16 = True

    def check(self, io: Operands) -> None:
        require.activations(self.kind, io.input(0), io.output)
        require.int8(self.kind, io.input(1))

    def kernels(self, io: Operands) -> Lowered:
        (call,) = super().kernels(io)
        if io.output.dtype is not DType.INT16 or not isinstance(call, KernelCall):
            return (call,)
        # Slopes have narrower elements: what is written would reach those that are yet to be read.
        return (replace(call, overlaps=tuple(o for o in call.overlaps if o.input == 0)),)

    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        (multiplier, shift), (slope_multiplier, slope_shift) = self._factors(io)
        factors = {
            "multiplier": multiplier,
            "shift": shift,
            "slope_multiplier": slope_multiplier,
            "slope_shift": slope_shift,
        }
        if io.output.dtype is DType.INT16:
            return {"slope_zero": io.input(1).q.zero_point, **factors}
        return {
            "zero_point0": io.input(0).q.zero_point,
            "zero_point1": io.input(1).q.zero_point,
            **factors,
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
        shifted = wrap_int32(scaled + io.output.q.zero_point)
        return np.clip(shifted, io.output.dtype.low, io.output.dtype.high)

    def _factors(self, io: Operands) -> tuple[tuple[int, int], tuple[int, int]]:
        """(multiplier, shift) above zero and below."""
        source, slopes, output = io.input(0).q.scale, io.input(1).q.scale, io.output.q.scale
        return quantize_multiplier(source / output), quantize_multiplier(source * slopes / output)
