"""TRANSPOSE_CONV: each input pixel spreads its window over the output; windows overlap by sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    Given,
    Interval,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Values,
)
from tinygen.ops.activation import Activation
from tinygen.ops.fixed_point import Int64
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.parse import Parser
from tinygen.ops.requantization import Requantization, bias_or_zeros
from tinygen.ops.spatial import LONGEST, Padding, Pair, nhwc
from tinygen.ops.weighted import Weighted, check_bias, product_ends

_FARTHEST = 1 << 26
"""Values of the output: positions are far inside of int32."""


@dataclass(frozen=True)
class TransposeConv(Weighted):
    """Inputs: the output's shape, weights [output channel, y, x, input channel], the image, a bias
    that may be absent."""

    padding: Padding
    stride_height: int
    stride_width: int
    activation: Activation = Activation.NONE

    kind = "TRANSPOSE_CONV"
    arity = (3, 4)
    channel_axis = 0

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.required(tflite.TransposeConvOptions)
        return cls(
            Padding.parse(options.Padding(), cls.kind),
            options.StrideH(),
            options.StrideW(),
            Activation.parse(options.FusedActivationFunction(), cls.kind),
        )

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        image, weights = nhwc(io.input(2), self.kind), nhwc(io.input(1), self.kind)
        check_bias(io.optional(3), weights[0], self.kind, self.bias_types(_weighted(io)))
        if weights[3] != image[3] or not self._strides_known:
            raise UnsupportedModel(
                f"TRANSPOSE_CONV of {list(image)} by weights {list(weights)}, strides "
                f"{self.stride_height}x{self.stride_width}"
            )
        shape = io.output.shape
        if io.input(0).constant:
            shape = tuple(int(d) for d in io.integers(0).reshape(-1))
        sound = len(shape) == 4 and (shape[0], shape[3]) == (image[0], weights[0])
        if not sound or min(shape) < 1 or np.prod(shape, dtype=np.float64) > _FARTHEST:
            raise UnsupportedModel(
                f"TRANSPOSE_CONV of {list(image)} by weights {list(weights)} to {list(shape)}"
            )
        return (shape,)

    @property
    def _strides_known(self) -> bool:
        """Whether the strides fit where TensorFlow Lite Micro keeps them."""
        return all(1 <= s <= LONGEST for s in (self.stride_height, self.stride_width))

    def check(self, io: Operands) -> None:
        super().check(_weighted(io))

    def bias_types(self, io: Operands) -> tuple[DType, ...]:
        """TFLM reads a bias beside int16 as int64 or int16."""
        wide = io.input(0).dtype is DType.INT16
        return (DType.INT64, DType.INT16) if wide else (DType.INT32,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (self.requantization(io).apply(self.sums(io, values)),)

    def requantization(self, io: Operands) -> Requantization:
        return super().requantization(_weighted(io))

    def sums(self, io: Operands, values: Values) -> Int64:
        weights, image = values[1].astype(np.int64), values[2].astype(np.int64)
        top, left = self._border(io)
        batch, height, width, channels = io.output.shape
        _, taps_y, taps_x, _ = weights.shape
        # What lies behind them falls outside of the output.
        rows = min(image.shape[1], -(-(top + height) // self.stride_height))
        columns = min(image.shape[2], -(-(left + width) // self.stride_width))
        tall = max((rows - 1) * self.stride_height + taps_y, top + height)
        wide = max((columns - 1) * self.stride_width + taps_x, left + width)
        total = np.zeros((batch, tall, wide, channels), np.int64)
        centred = image[:, :rows, :columns] - io.input(2).q.zero_point
        for y in range(taps_y):
            for x in range(taps_x):
                ends = (rows - 1) * self.stride_height + 1, (columns - 1) * self.stride_width + 1
                place = (
                    slice(y, y + ends[0], self.stride_height),
                    slice(x, x + ends[1], self.stride_width),
                )
                total[:, place[0], place[1]] += centred @ weights[:, y, x].T
        inside = total[:, top : top + height, left : left + width]
        return inside + bias_or_zeros(values.optional(3), channels)

    def products(self, io: Operands, source: Interval) -> Interval:
        """Each output element is reached by some of the taps, through all input channels."""
        low, high = product_ends(io.constant(1), source, io.input(0).q.zero_point)
        return Interval.of(
            np.minimum(low.sum(axis=3), 0).sum(axis=(1, 2)),
            np.maximum(high.sum(axis=3), 0).sum(axis=(1, 2)),
        )

    def accumulators(self, io: Operands, inputs: Given[Interval]) -> Interval | None:
        given = [inputs[2], inputs[1], inputs.optional(3)]
        return super().accumulators(_weighted(io), Given(given))

    def macs(self, io: Operands) -> int:
        return io.input(2).elements * io.input(1).elements // io.input(2).shape[3]

    def kernels(self, io: Operands) -> Lowered:
        own = _weighted(io)
        image, weights = io.input(2), io.constant(1)
        scale = self.requantization(io)
        (top, left), (batches, output_height, output_width, channels) = (
            self._border(io),
            io.output.shape,
        )
        call = KernelCall(
            kernel=kernel_of_type("transpose_conv", io.output),
            inputs=(image.id,),
            outputs=(io.output.id,),
            params={
                "batches": batches,
                "input_height": image.shape[1],
                "input_width": image.shape[2],
                "input_channels": image.shape[3],
                "output_height": output_height,
                "output_width": output_width,
                "output_channels": channels,
                "filter_height": weights.shape[1],
                "filter_width": weights.shape[2],
                "stride_height": self.stride_height,
                "stride_width": self.stride_width,
                "pad_top": top,
                "pad_left": left,
                **self.arithmetic(own, scale),
            },
            constants=self.weights(own, scale, channels),
        )
        return (call,)

    def _border(self, io: Operands) -> Pair:
        """Rows above and columns left of the output that the first windows reach into."""
        strides = self.stride_height, self.stride_width
        top, left = (
            self._before(io.output.shape[i], io.input(1).shape[i], stride)
            for i, stride in zip((1, 2), strides, strict=True)
        )
        return top, left

    def _before(self, size: int, taps: int, stride: int) -> int:
        if self.padding is Padding.VALID:
            return 0
        return max(0, (-(-size // stride) - 1) * stride + taps - size) // 2


def _weighted(io: Operands) -> Operands:
    """The operands in the order of every other layer with weights."""
    return Operands((io.input(2), io.input(1), io.optional(3)), io.outputs, io.kind)
