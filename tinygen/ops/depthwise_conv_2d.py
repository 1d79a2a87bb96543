"""DEPTHWISE_CONV_2D: each input channel convolved by itself, with `multiplier` filters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Interval, Lowered, Operands, Shape, Values
from tinygen.ops.convolution import Convolution
from tinygen.ops.fixed_point import Int64
from tinygen.ops.parse import Parser
from tinygen.ops.requantization import bias_or_zeros
from tinygen.ops.spatial import nhwc, windows
from tinygen.ops.weighted import check_bias, product_ends


@dataclass(frozen=True)
class DepthwiseConv2D(Convolution):
    """input [n, y, x, c], weights [1, filter y, filter x, c * multiplier], bias as many.

    Output channel `c * multiplier + m` is input channel c by filter m.
    """

    depth_multiplier: int | None = None
    """Output channels per input channel as a file says it, beside the shapes that say it too."""

    kind = "DEPTHWISE_CONV_2D"
    options = tflite.DepthwiseConv2DOptions
    kernel_name = "depthwise_conv_2d"
    channel_axis = 3

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        multiplier = int(parser.required(cls.options).DepthMultiplier())
        return replace(super().parse(parser), depth_multiplier=multiplier)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        image = nhwc(io.input(0), self.kind)
        weights = nhwc(io.input(1), self.kind)
        height, width = self.extents(image, weights)
        if weights[0] != 1 or weights[3] % image[3]:
            raise UnsupportedModel(
                f"{self.kind} from {image[3]} channels with weights of shape {list(weights)}",
                why="the weights have to be [1, height, width, a multiple of the channels]",
            )
        multiplier = weights[3] // image[3]
        if self.depth_multiplier not in (None, multiplier):
            raise UnsupportedModel(
                f"{self.kind} '{io.output.name}' has the depth_multiplier {self.depth_multiplier}, "
                f"but weights {list(weights)} on {image[3]} channels make it {multiplier}",
                why="TensorFlow Lite Micro believes the number, LiteRT the shapes; converters of "
                "2018 to 2020 wrote a 0 where they did not know it",
                next_step="convert the model again with a current TensorFlow",
            )
        check_bias(io.optional(2), weights[3], self.kind, self.bias_types(io))
        return ((image[0], height.output, width.output, weights[3]),)

    def bias_types(self, io: Operands) -> tuple[DType, ...]:
        """TFLM reads a bias beside int16 as int64, whatever it is."""
        return (DType.INT64,) if io.input(0).dtype is DType.INT16 else (DType.INT32,)

    def sums(self, io: Operands, values: Values) -> Int64:
        image, weights = values[0], values[1]
        height, width = self.extents(image.shape, weights.shape)
        # A product is at most 2**15: int32 holds the sum of up to 2**16 of them.
        short = image.dtype == np.int8 and height.filter * width.filter < 1 << 16
        dtype = np.int32 if short else np.int64
        repeats = weights.shape[3] // image.shape[3]
        centred = np.repeat(image.astype(dtype) - io.input(0).q.zero_point, repeats, axis=3)
        taps = windows(centred, height, width, 0)
        total = np.zeros((*taps.shape[:3], weights.shape[3]), dtype)
        for y in range(height.filter):
            for x in range(width.filter):
                total += taps[:, :, :, y, x, :] * weights[0, y, x].astype(dtype)
        return total.astype(np.int64) + bias_or_zeros(values.optional(2), weights.shape[3])

    def products(self, io: Operands, source: Interval) -> Interval:
        weights = io.constant(1)[0]
        channels = io.input(0).shape[3]
        repeats = weights.shape[2] // channels
        source = source.channels(channels)
        of_output = Interval(*(np.repeat(end, repeats) for end in (source.low, source.high)))
        return self.over_windows(io, *product_ends(weights, of_output, io.input(0).q.zero_point))

    def kernels(self, io: Operands) -> Lowered:
        outputs, inputs = io.input(1).shape[3], io.input(0).shape[3]
        multiplier = outputs // inputs
        if io.output.dtype is DType.INT16:
            return self.lower_with(io, {"depth_multiplier": multiplier})
        last = (inputs if multiplier == 1 else multiplier) % 4
        return self.lower_with(io, {"depth_multiplier": multiplier, "last_outputs": last})

    def macs(self, io: Operands) -> int:
        _, height, width, _ = io.input(1).shape
        return io.output.elements * height * width
