"""CONV_2D: convolution over height and width, also dilated and grouped."""

from __future__ import annotations

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Interval, Lowered, Operands, Shape, Values
from tinygen.ops.convolution import Convolution
from tinygen.ops.fixed_point import Int64
from tinygen.ops.requantization import bias_or_zeros
from tinygen.ops.spatial import nhwc, windows
from tinygen.ops.weighted import check_bias, product_ends


class Conv2D(Convolution):
    """input [n, y, x, c], weights [out c, filter y, filter x, c / groups], bias [out c]."""

    kind = "CONV_2D"
    options = tflite.Conv2DOptions
    kernel_name = "conv_2d"
    channel_axis = 0

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        image = nhwc(io.input(0), self.kind)
        weights = nhwc(io.input(1), self.kind)
        height, width = self.extents(image, weights)
        groups = image[3] // weights[3]
        if image[3] % weights[3] or weights[0] % groups:
            raise UnsupportedModel(
                f"{self.kind} from {image[3]} channels with weights of shape {list(weights)}",
                why="channels have to divide into groups of equal size",
            )
        check_bias(io.optional(2), weights[0], self.kind, self.bias_types(io))
        return ((image[0], height.output, width.output, weights[0]),)

    def sums(self, io: Operands, values: Values) -> Int64:
        image, weights = values[0], values[1]
        height, width = self.extents(image.shape, weights.shape)
        channels, depth = weights.shape[0], weights.shape[3]
        groups = image.shape[3] // depth
        # float64 holds every sum exactly: far fewer than 2**38 products of at most 2**15.
        centred = image.astype(np.float64) - io.input(0).q.zero_point
        columns = windows(centred, height, width, 0)
        pixels = columns.shape[:3]
        flat = weights.reshape(groups, channels // groups, -1).astype(np.float64)
        sums = [
            columns[..., g * depth : (g + 1) * depth].reshape(-1, flat.shape[2]) @ flat[g].T
            for g in range(groups)
        ]
        exact = np.concatenate(sums, axis=1).astype(np.int64).reshape(*pixels, channels)
        return exact + bias_or_zeros(values.optional(2), channels)

    def products(self, io: Operands, source: Interval) -> Interval:
        weights = io.constant(1)
        channels, _, _, depth = weights.shape
        groups = io.input(0).shape[3] // depth
        source = source.channels(groups * depth)
        members = np.repeat(np.arange(groups), channels // groups)  # the group of each output
        of_group = Interval(
            *(end.reshape(groups, 1, 1, depth)[members] for end in (source.low, source.high))
        )
        low, high = product_ends(weights, of_group, io.input(0).q.zero_point)
        return self.over_windows(io, *(np.moveaxis(end.sum(axis=3), 0, 2) for end in (low, high)))

    def kernels(self, io: Operands) -> Lowered:
        channels, _, _, depth = io.input(1).shape
        groups = io.input(0).shape[3] // depth
        last = channels // groups % 4
        own = {"output_channels": channels, "groups": groups, "last_outputs": last}
        return self.lower_with(io, own)

    def macs(self, io: Operands) -> int:
        weights = io.input(1)
        return io.output.elements * (weights.elements // weights.shape[0])
