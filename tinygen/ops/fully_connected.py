"""FULLY_CONNECTED: each row of the input times a matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Constant, Interval, KernelCall, Lowered, Operands, Shape, Values, portable
from tinygen.ops.activation import Activation
from tinygen.ops.fixed_point import Int64
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.orders import in_rows
from tinygen.ops.parse import Parser
from tinygen.ops.requantization import bias_or_zeros
from tinygen.ops.weighted import (
    Weighted,
    check_bias,
    check_bias_scale,
    constant_bias,
    int8_quant,
    product_ends,
)

_AT_A_TIME = 1 << 16


@dataclass(frozen=True)
class FullyConnected(Weighted):
    """input [..., depth] in any shape of whole rows, weights [units, depth], bias [units].

    The weights may be computed, as those of an attention; they have a zero point then.
    """

    activation: Activation = Activation.NONE
    keep_num_dims: bool = False
    """The output is [..., units]; otherwise [rows, units]."""

    kind = "FULLY_CONNECTED"
    arity = (2, 3)
    channel_axis = 0

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.FullyConnectedOptions)
        if options.WeightsFormat() != 0:
            raise UnsupportedModel(f"{cls.kind} with shuffled weights is not compiled")
        return cls(
            activation=Activation.parse(options.FusedActivationFunction(), cls.kind),
            keep_num_dims=bool(options.KeepNumDims()),
        )

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        rows, weights = io.input(0), io.input(1)
        fits = len(weights.shape) == 2 and 0 not in weights.shape and rows.elements > 0
        if not fits or rows.elements % weights.shape[1]:
            raise UnsupportedModel(
                f"{self.kind} of '{rows.name}' {list(rows.shape)} by weights {list(weights.shape)}",
                why="the input has to be whole rows of the weights' second dimension",
            )
        units, depth = weights.shape
        check_bias(io.optional(2), units, self.kind, self.bias_types(io))
        if not self.keep_num_dims:
            return ((rows.elements // depth, units),)
        if rows.shape[-1] != depth:
            raise UnsupportedModel(
                f"{self.kind} keeps the dimensions of {list(rows.shape)} by weights of {depth}"
            )
        return ((*rows.shape[:-1], units),)

    def sums(self, io: Operands, values: Values) -> Int64:
        rows, weights = values[0], values[1]
        units, depth = weights.shape
        # float64 holds every sum exactly: far fewer than 2**38 products of at most 2**15.
        centred = rows.reshape(-1, depth).astype(np.float64) - io.input(0).q.zero_point
        factors = weights.T.astype(np.float64) - self._weights_zero_point(io)
        exact = (centred @ factors).astype(np.int64)
        return exact + bias_or_zeros(values.optional(2), units)

    def products(self, io: Operands, source: Interval) -> Interval:
        weights = io.constant(1)
        source = source.regrouped(weights.shape[1])
        low, high = np.empty((2, len(weights)), np.int64)
        # Some units at a time: a product takes eight times the bytes of its weight.
        step = max(1, _AT_A_TIME // weights.shape[1])
        for at in range(0, len(weights), step):
            ends = product_ends(weights[at : at + step], source, io.input(0).q.zero_point)
            low[at : at + step], high[at : at + step] = (end.sum(axis=1) for end in ends)
        return Interval.of(low, high)

    def check(self, io: Operands) -> None:
        if io.input(1).constant:
            super().check(io)
            return
        for tensor in (io.input(0), io.input(1), io.output):
            int8_quant(tensor, self.kind)
        check_bias_scale(io.input(0), io.input(1), io.optional(2), self.kind)

    def kernels(self, io: Operands) -> Lowered:
        if not io.input(1).constant:
            return (self._computed(io),)
        weights = io.constant(1)
        scale = self.requantization(io)
        rows = io.input(0).elements // weights.shape[1]
        size = io.output.dtype.size
        order = in_rows(rows, (size * weights.shape[1], size * weights.shape[0]))
        call = KernelCall(
            kernel=kernel_of_type("fully_connected", io.output),
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "rows": rows,
                "depth": weights.shape[1],
                "units": weights.shape[0],
                "last_units": weights.shape[0] % 4,
                "multiplier_step": 0 if scale.multiplier.size == 1 else 1,
                **self.arithmetic(io, scale),
            },
            constants=self.weights(io, scale, weights.shape[0]),
            overlaps=order.overlaps(io.output.nbytes),
        )
        return (call,)

    def _computed(self, io: Operands) -> KernelCall:
        """The kernel call where the weights are no constant."""
        units, depth = io.input(1).shape
        scale = self.requantization(io)
        return KernelCall(
            kernel=portable("fully_connected_computed"),
            inputs=(io.input(0).id, io.input(1).id),
            outputs=(io.output.id,),
            params={
                "rows": io.input(0).elements // depth,
                "depth": depth,
                "units": units,
                "input_zero_point": io.input(0).q.zero_point,
                "weights_zero_point": self._weights_zero_point(io),
                "multiplier": int(scale.multiplier[0]),
                "shift": int(scale.shift[0]),
                "output_zero_point": scale.zero_point,
                "output_min": scale.low,
                "output_max": scale.high,
            },
            constants={"bias": Constant(constant_bias(io, units).astype(np.int32))},
        )

    def _weights_zero_point(self, io: Operands) -> int:
        return 0 if io.input(1).constant else io.input(1).q.zero_point

    def macs(self, io: Operands) -> int:
        return io.output.elements * io.input(1).shape[1]

    def scales(self, io: Operands) -> list[float]:
        source, weights, output = io.input(0).q, io.input(1).q, io.output.q
        if not weights.per_tensor:
            return super().scales(io)
        # Unlike the convolutions, TFLM multiplies these two scales in float32.
        product = np.float32(source.scale) * np.float32(weights.scale)
        return [float(product) / output.scale]
