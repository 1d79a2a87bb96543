"""What CONV_2D and DEPTHWISE_CONV_2D share: attributes, windows, requantization per channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tinygen.ir import Interval, KernelCall, Lowered, Operands, Shape
from tinygen.ops.activation import Activation
from tinygen.ops.fixed_point import Int64
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.orders import in_blocks
from tinygen.ops.parse import Parser
from tinygen.ops.spatial import Border, Extent, Padding, extents
from tinygen.ops.weighted import Weighted


@dataclass(frozen=True)
class Convolution(Weighted):
    """Filters slid over an NHWC image."""

    padding: Padding | Border
    stride_height: int
    stride_width: int
    dilation_height: int = 1
    dilation_width: int = 1
    activation: Activation = Activation.NONE

    arity = (2, 3)
    options: ClassVar[Any]
    """The schema's class of the options."""
    kernel_name: ClassVar[str]
    """Of the portable one."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.required(cls.options)
        return cls(
            padding=Padding.parse(options.Padding(), cls.kind),
            stride_height=options.StrideH(),
            stride_width=options.StrideW(),
            dilation_height=options.DilationHFactor(),
            dilation_width=options.DilationWFactor(),
            activation=Activation.parse(options.FusedActivationFunction(), cls.kind),
        )

    def lower_with(self, io: Operands, channels: Mapping[str, int]) -> Lowered:
        """One kernel call; `channels` are the parameters that only this operator has."""
        image, weights = io.input(0).shape, io.constant(1)
        height, width = self.extents(image, weights.shape)
        scale = self.requantization(io)
        size = io.output.dtype.size
        pixels = (size * image[3], size * io.output.shape[3])
        order = in_blocks(height, width, pixels, batches=image[0])
        call = KernelCall(
            kernel=kernel_of_type(self.kernel_name, io.output),
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "batches": image[0],
                "input_height": height.input,
                "input_width": width.input,
                "input_channels": image[3],
                "output_height": height.output,
                "output_width": width.output,
                **channels,
                "filter_height": height.filter,
                "filter_width": width.filter,
                "stride_height": height.stride,
                "stride_width": width.stride,
                "dilation_height": height.dilation,
                "dilation_width": width.dilation,
                "pad_top": height.before,
                "pad_left": width.before,
                **self.arithmetic(io, scale),
            },
            constants=self.weights(io, scale, weights.shape[self.channel_axis]),
            overlaps=order.overlaps(io.output.nbytes),
        )
        return (call,)

    def over_windows(self, io: Operands, low: Int64, high: Int64) -> Interval:
        """The interval of the sums over every window: the ends [filter y, filter x, channel] of
        each tap's share are added up for the taps that lie inside of the image. What lies outside
        adds nothing: it stands for the zero point."""
        height, width = self.extents(io.input(0).shape, io.input(1).shape)
        insides = [
            (slice(*rows), slice(*columns))
            for rows in height.taps_inside()
            for columns in width.taps_inside()
        ]
        return Interval.of(
            np.min([low[inside].sum(axis=(0, 1)) for inside in insides], axis=0),
            np.max([high[inside].sum(axis=(0, 1)) for inside in insides], axis=0),
        )

    def extents(self, image: Shape, weights: Shape) -> tuple[Extent, Extent]:
        """How the filter of [?, height, width, ?] lies over the height and width of the image."""
        taps = (weights[1], weights[2])
        strides = (self.stride_height, self.stride_width)
        return extents(
            self.padding, image, taps, strides, (self.dilation_height, self.dilation_width)
        )
