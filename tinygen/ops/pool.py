"""What AVERAGE_POOL_2D and MAX_POOL_2D share: attributes, shapes and the kernel's parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import tflite

from tinygen.ir import (
    Given,
    Interval,
    Kernel,
    KernelCall,
    Lowered,
    Operands,
    Shape,
)
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.move import Move
from tinygen.ops.orders import in_blocks
from tinygen.ops.parse import Parser
from tinygen.ops.spatial import Border, Extent, Padding, extents, nhwc
from tinygen.ops.weighted import activation_quant


@dataclass(frozen=True)
class Pool2D(Move):
    """input [n, y, x, c] -> [n, out y, out x, c] in the same quantization."""

    padding: Padding | Border
    stride_height: int
    stride_width: int
    filter_height: int
    filter_width: int
    activation: Activation = Activation.NONE

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.required(tflite.Pool2DOptions)
        return cls(
            padding=Padding.parse(options.Padding(), cls.kind),
            stride_height=options.StrideH(),
            stride_width=options.StrideW(),
            filter_height=options.FilterHeight(),
            filter_width=options.FilterWidth(),
            activation=Activation.parse(options.FusedActivationFunction(), cls.kind),
        )

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        image = nhwc(io.input(0), self.kind)
        height, width = self.extents(image)
        return ((image[0], height.output, width.output, image[3]),)

    def extents(self, image: Shape) -> tuple[Extent, Extent]:
        """The window along height and width."""
        taps = (self.filter_height, self.filter_width)
        return extents(self.padding, image, taps, (self.stride_height, self.stride_width))

    def check(self, io: Operands) -> None:
        super().check(io)
        activation_quant(io.input(0), self.kind)
        activation_quant(io.output, self.kind)

    def bounds(self, io: Operands) -> tuple[int, int]:
        """The output's lowest and highest value."""
        return quantized_range(self.activation, io.output.q, io.output.dtype)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        """Neither a mean nor a maximum leaves what it is taken of."""
        return (inputs[0].clipped(*self.bounds(io)),)

    def call(self, io: Operands, kernel: Kernel) -> Lowered:
        """The one kernel call."""
        image, size = io.input(0).shape, io.output.dtype.size
        height, width = self.extents(image)
        low, high = self.bounds(io)
        order = in_blocks(height, width, (size * image[3], size * image[3]), batches=image[0])
        call = KernelCall(
            kernel=kernel,
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "batches": image[0],
                "input_height": height.input,
                "input_width": width.input,
                "channels": image[3],
                "output_height": height.output,
                "output_width": width.output,
                "filter_height": height.filter,
                "filter_width": width.filter,
                "stride_height": height.stride,
                "stride_width": width.stride,
                "pad_top": height.before,
                "pad_left": width.before,
                "output_min": low,
                "output_max": high,
            },
            overlaps=order.overlaps(io.output.nbytes),
        )
        return (call,)
