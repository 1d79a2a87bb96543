"""CONV_2D: convolution over height and width, also dilated and grouped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, KernelCall, Lowered, Operands, Shape, Tensor
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.parse import Parsed, Parser
from tinygen.ops.spatial import Extent, Padding, extent, nhwc, windows
from tinygen.ops.weighted import (
    Requantization,
    bias_or_zeros,
    channel_scales,
    check_bias,
    check_weights,
    int8_quant,
    requantization,
)


@dataclass(frozen=True)
class Conv2D(Parsed):
    """input [n, y, x, c], weights [out c, filter y, filter x, c / groups], bias [out c]."""

    padding: Padding
    stride_height: int
    stride_width: int
    dilation_height: int = 1
    dilation_width: int = 1
    activation: Activation = Activation.NONE

    kind = "CONV_2D"

    @classmethod
    def parse(cls, parser: Parser) -> Conv2D:
        options = parser.options(tflite.Conv2DOptions)
        if options is None:
            raise UnsupportedModel(f"{cls.kind} without options")
        return cls(
            padding=Padding.parse(options.Padding(), cls.kind),
            stride_height=options.StrideH(),
            stride_width=options.StrideW(),
            dilation_height=options.DilationHFactor(),
            dilation_width=options.DilationWFactor(),
            activation=Activation.parse(options.FusedActivationFunction(), cls.kind),
        )

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        image = nhwc(inputs[0] if inputs else None, self.kind)
        weights = nhwc(inputs[1] if len(inputs) > 1 else None, self.kind)
        height, width = self._extents(image, weights)
        groups = image[3] // weights[3]
        if image[3] % weights[3] or weights[0] % groups:
            raise UnsupportedModel(
                f"{self.kind} from {image[3]} channels with weights of shape {list(weights)}",
                why="channels have to divide into groups of equal size",
            )
        check_bias(inputs[2] if len(inputs) > 2 else None, weights[0], self.kind)
        return ((image[0], height.output, width.output, weights[0]),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        image, weights = values[0], values[1]
        assert image is not None
        assert weights is not None
        bias = values[2] if len(values) > 2 else None
        height, width = self._extents(image.shape, weights.shape)
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
        exact = np.concatenate(sums, axis=1).astype(np.int64)
        exact = exact.reshape(*pixels, channels) + bias_or_zeros(bias, channels)
        return (self._requantization(io).apply(exact),)

    def lower(self, io: Operands) -> Lowered:
        image, weights = io.input(0).shape, io.constant(1)
        height, width = self._extents(image, weights.shape)
        scale = self._requantization(io)
        bias = io.constant(2) if io.optional(2) is not None else None
        call = KernelCall(
            kernel="conv_2d",
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "batches": image[0],
                "input_height": height.input,
                "input_width": width.input,
                "input_channels": image[3],
                "output_height": height.output,
                "output_width": width.output,
                "output_channels": weights.shape[0],
                "filter_height": height.filter,
                "filter_width": width.filter,
                "groups": image[3] // weights.shape[3],
                "stride_height": height.stride,
                "stride_width": width.stride,
                "dilation_height": height.dilation,
                "dilation_width": width.dilation,
                "pad_top": height.before,
                "pad_left": width.before,
                "input_zero_point": io.input(0).q.zero_point,
                "output_zero_point": scale.zero_point,
                "shift_max": int(scale.shift.max()),
                "output_min": scale.low,
                "output_max": scale.high,
            },
            constants={
                "weights": weights,
                "bias": bias_or_zeros(bias, weights.shape[0]),
                "multiplier": scale.multiplier,
                "shift": scale.shift,
            },
        )
        return (call,)

    def macs(self, io: Operands) -> int:
        weights = io.input(1)
        return io.output.elements * (weights.elements // weights.shape[0])

    def _extents(self, image: Shape, weights: Shape) -> tuple[Extent, Extent]:
        return (
            extent(self.padding, image[1], weights[1], self.stride_height, self.dilation_height),
            extent(self.padding, image[2], weights[2], self.stride_width, self.dilation_width),
        )

    def _requantization(self, io: Operands) -> Requantization:
        int8_quant(io.input(0), self.kind)
        check_weights(io.input(1), self.kind, axis=0)
        output = int8_quant(io.output, self.kind)
        scales = channel_scales(io, io.input(1).shape[0])
        return requantization(scales, output.zero_point, quantized_range(self.activation, output))
