"""FULLY_CONNECTED: each row of the input times a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, KernelCall, Lowered, Operands, Shape, Tensor, portable
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.parse import Parsed, Parser
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
class FullyConnected(Parsed):
    """input [..., depth] in any shape of whole rows, weights [units, depth], bias [units]."""

    activation: Activation = Activation.NONE
    keep_num_dims: bool = False
    """The output is [..., units]; otherwise [rows, units]."""

    kind = "FULLY_CONNECTED"

    @classmethod
    def parse(cls, parser: Parser) -> FullyConnected:
        options = parser.options(tflite.FullyConnectedOptions)
        if options is None:
            return cls()
        if options.WeightsFormat() != 0:
            raise UnsupportedModel(f"{cls.kind} with shuffled weights is not compiled")
        return cls(
            activation=Activation.parse(options.FusedActivationFunction(), cls.kind),
            keep_num_dims=bool(options.KeepNumDims()),
        )

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        rows = inputs[0] if inputs else None
        weights = inputs[1] if len(inputs) > 1 else None
        if rows is None or weights is None:
            raise UnsupportedModel(f"an input of {self.kind} is missing")
        fits = len(weights.shape) == 2 and 0 not in weights.shape and rows.elements > 0
        if not fits or rows.elements % weights.shape[1]:
            raise UnsupportedModel(
                f"{self.kind} of '{rows.name}' {list(rows.shape)} by weights {list(weights.shape)}",
                why="the input has to be whole rows of the weights' second dimension",
            )
        units, depth = weights.shape
        check_bias(inputs[2] if len(inputs) > 2 else None, units, self.kind)
        if not self.keep_num_dims:
            return ((rows.elements // depth, units),)
        if rows.shape[-1] != depth:
            raise UnsupportedModel(
                f"{self.kind} keeps the dimensions of {list(rows.shape)} by weights of {depth}"
            )
        return ((*rows.shape[:-1], units),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        rows, weights = values[0], values[1]
        assert rows is not None
        assert weights is not None
        bias = values[2] if len(values) > 2 else None
        units, depth = weights.shape
        # float64 holds every sum exactly: far fewer than 2**38 products of at most 2**15.
        centred = rows.reshape(-1, depth).astype(np.float64) - io.input(0).q.zero_point
        exact = (centred @ weights.T.astype(np.float64)).astype(np.int64)
        exact += bias_or_zeros(bias, units)
        return (self._requantization(io).apply(exact).reshape(io.output.shape),)

    def lower(self, io: Operands) -> Lowered:
        weights = io.constant(1)
        scale = self._requantization(io)
        call = KernelCall(
            kernel=portable("fully_connected"),
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "rows": io.input(0).elements // weights.shape[1],
                "depth": weights.shape[1],
                "units": weights.shape[0],
                "multiplier_step": 0 if scale.multiplier.size == 1 else 1,
                "input_zero_point": io.input(0).q.zero_point,
                **scale.params(),
            },
            constants=scale.constants(io, weights.shape[0]),
        )
        return (call,)

    def macs(self, io: Operands) -> int:
        return io.output.elements * io.input(1).shape[1]

    def _requantization(self, io: Operands) -> Requantization:
        source = int8_quant(io.input(0), self.kind)
        weights = io.input(1)
        check_weights(weights, self.kind, axis=0)
        output = int8_quant(io.output, self.kind)
        if weights.q.per_tensor:
            # Unlike the convolutions, TFLM multiplies these two scales in float32.
            product = np.float32(source.scale) * np.float32(weights.q.scale)
            scales = [float(product) / output.scale]
        else:
            scales = channel_scales(io, weights.shape[0])
        return requantization(scales, output.zero_point, quantized_range(self.activation, output))
