"""DEPTHWISE_CONV_2D: each input channel convolved by itself, with `multiplier` filters."""

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
class DepthwiseConv2D(Parsed):
    """input [n, y, x, c], weights [1, filter y, filter x, c * multiplier], bias as many.

    Output channel `c * multiplier + m` is input channel c by filter m.
    """

    padding: Padding
    stride_height: int
    stride_width: int
    dilation_height: int = 1
    dilation_width: int = 1
    activation: Activation = Activation.NONE

    kind = "DEPTHWISE_CONV_2D"

    @classmethod
    def parse(cls, parser: Parser) -> DepthwiseConv2D:
        options = parser.options(tflite.DepthwiseConv2DOptions)
        if options is None:
            raise UnsupportedModel(f"{cls.kind} without options")
        # The file's depth multiplier is not read: the shapes of weights and input say it.
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
        if weights[0] != 1 or weights[3] % image[3]:
            raise UnsupportedModel(
                f"{self.kind} from {image[3]} channels with weights of shape {list(weights)}",
                why="the weights have to be [1, height, width, a multiple of the channels]",
            )
        check_bias(inputs[2] if len(inputs) > 2 else None, weights[3], self.kind)
        return ((image[0], height.output, width.output, weights[3]),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        image, weights = values[0], values[1]
        assert image is not None
        assert weights is not None
        bias = values[2] if len(values) > 2 else None
        height, width = self._extents(image.shape, weights.shape)
        # A product is at most 2**15: int32 holds the sum of up to 2**16 of them.
        dtype = np.int32 if height.filter * width.filter < 1 << 16 else np.int64
        repeats = weights.shape[3] // image.shape[3]
        centred = np.repeat(image.astype(dtype) - io.input(0).q.zero_point, repeats, axis=3)
        taps = windows(centred, height, width, 0)
        total = np.zeros((*taps.shape[:3], weights.shape[3]), dtype)
        for y in range(height.filter):
            for x in range(width.filter):
                total += taps[:, :, :, y, x, :] * weights[0, y, x].astype(dtype)
        exact = total.astype(np.int64) + bias_or_zeros(bias, weights.shape[3])
        return (self._requantization(io).apply(exact),)

    def lower(self, io: Operands) -> Lowered:
        image, weights = io.input(0).shape, io.constant(1)
        height, width = self._extents(image, weights.shape)
        scale = self._requantization(io)
        bias = io.constant(2) if io.optional(2) is not None else None
        call = KernelCall(
            kernel="depthwise_conv_2d",
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "batches": image[0],
                "input_height": height.input,
                "input_width": width.input,
                "input_channels": image[3],
                "output_height": height.output,
                "output_width": width.output,
                "depth_multiplier": weights.shape[3] // image[3],
                "filter_height": height.filter,
                "filter_width": width.filter,
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
                "bias": bias_or_zeros(bias, weights.shape[3]),
                "multiplier": scale.multiplier,
                "shift": scale.shift,
            },
        )
        return (call,)

    def macs(self, io: Operands) -> int:
        _, height, width, _ = io.input(1).shape
        return io.output.elements * height * width

    def _extents(self, image: Shape, weights: Shape) -> tuple[Extent, Extent]:
        return (
            extent(self.padding, image[1], weights[1], self.stride_height, self.dilation_height),
            extent(self.padding, image[2], weights[2], self.stride_width, self.dilation_width),
        )

    def _requantization(self, io: Operands) -> Requantization:
        int8_quant(io.input(0), self.kind)
        check_weights(io.input(1), self.kind, axis=3)
        output = int8_quant(io.output, self.kind)
        scales = channel_scales(io, io.input(1).shape[3])
        return requantization(scales, output.zero_point, quantized_range(self.activation, output))
