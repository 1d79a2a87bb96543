"""MEAN and SUM over any axes, rescaled to the output's quantization."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    Given,
    Interval,
    Lowered,
    Operands,
    Values,
)
from tinygen.ops import require
from tinygen.ops.fixed_point import Int64, quantize_multiplier
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.reduction import Reduction
from tinygen.ops.requantization import Requantization
from tinygen.ops.weighted import activation_quant

_MOST_OF_16_BITS = 1 << 16


class Mean(Reduction):
    kind = "MEAN"

    def check(self, io: Operands) -> None:
        require.activations(self.kind, io.input(0), io.output)
        activation_quant(io.input(0), self.kind)
        activation_quant(io.output, self.kind)
        if io.output.dtype is DType.INT16 and self.count(io) > _MOST_OF_16_BITS:
            raise UnsupportedModel(
                f"{self.kind} of '{io.input(0).name}' adds up {self.count(io):,} int16 values",
                why=f"their sum is an int32, which holds {_MOST_OF_16_BITS:,} of any size",
            )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        scale = self.requantization(io)
        return (scale.apply(self.sums(io, values)).reshape(io.output.shape),)

    def sums(self, io: Operands, values: Values) -> Int64:
        axes = tuple(sorted(self.axes(io)))
        total = values[0].astype(np.int64).sum(axis=axes)
        return np.asarray(total - self.count(io) * io.input(0).q.zero_point)

    def accumulators(self, io: Operands, inputs: Given[Interval]) -> Interval:
        source, count = self.of_elements(io, inputs), self.count(io)
        zero_point = io.input(0).q.zero_point
        return Interval.of(count * (source.low - zero_point), count * (source.high - zero_point))

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        scale = self.requantization(io)
        return (scale.interval(self.accumulators(io, inputs)),)

    def kernels(self, io: Operands) -> Lowered:
        scale = self.requantization(io)
        params = {"multiplier": int(scale.multiplier), "shift": int(scale.shift)}
        if io.output.dtype is not DType.INT16:
            params["input_zero_point"] = io.input(0).q.zero_point
            params["output_zero_point"] = scale.zero_point
        return (self.call(kernel_of_type("mean", io.output), io, params),)

    def requantization(self, io: Operands) -> Requantization:
        """From a sum of values, each less its zero point, to the code."""
        source, output, divisor = io.input(0).q, io.output.q, self._divisor(io)
        multiplier, shift = quantize_multiplier(source.scale / output.scale)
        # 1 / divisor goes into the multiplier, with as many more bits as it has.
        extra = min(divisor.bit_length() - 1, 32, 31 + shift)
        return Requantization(
            np.array((multiplier << extra) // divisor, np.int32),
            np.array(shift - extra, np.int8),
            output.zero_point,
            io.output.dtype.low,
            io.output.dtype.high,
            io.output.dtype,
        )

    def _divisor(self, io: Operands) -> int:
        """Of the sum."""
        return self.count(io)


class Sum(Mean):
    kind = "SUM"

    def _divisor(self, io: Operands) -> int:  # noqa: ARG002
        return 1
