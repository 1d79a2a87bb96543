"""CONCATENATION along any axis: each input is copied into its place in the output."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Given, Interval, Lowered, Operands, Shape, Tensor, Values
from tinygen.ops import require
from tinygen.ops.activation import Activation
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser


@dataclass(frozen=True)
class Concatenation(Move):
    axis: int
    """May count from the back."""

    kind = "CONCATENATION"
    arity = (1, None)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.ConcatenationOptions)
        code = options.FusedActivationFunction()
        if Activation.parse(code, parser.kind) is not Activation.NONE:
            raise UnsupportedModel("CONCATENATION with a fused activation is not compiled")
        return cls(int(options.Axis()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        tensors = io.every_input
        first = tensors[0].shape
        axis = require.axis(self.kind, self.axis, len(first))
        around = (first[:axis], first[axis + 1 :])
        ranks = {len(t.shape) for t in tensors}
        if len(ranks) > 1 or any((t.shape[:axis], t.shape[axis + 1 :]) != around for t in tensors):
            shapes = ", ".join(str(list(t.shape)) for t in tensors)
            raise UnsupportedModel(f"CONCATENATION cannot join {shapes} along axis {axis}")
        return ((*around[0], sum(t.shape[axis] for t in tensors), *around[1]),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        axis = require.axis(self.kind, self.axis, len(io.output.shape))
        return (np.concatenate(list(values), axis=axis),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        rank = len(io.output.shape)
        if require.axis(self.kind, self.axis, rank) == rank - 1:
            first, *others = (
                interval.channels(tensor.shape[-1])
                for interval, tensor in zip(inputs, io.every_input, strict=True)
            )
            return (first.joined(others),)
        return (functools.reduce(Interval.union, inputs),)

    def kernels(self, io: Operands) -> Lowered:
        axis = require.axis(self.kind, self.axis, len(io.output.shape))
        steps = row_major(io.output.shape)
        calls = []
        position = 0
        for source in io.every_input:
            loops = Loops(source.shape, (row_major(source.shape), steps))
            calls.append(copy_call(self.kind, source, io.output, loops, (0, position)))
            position += source.shape[axis] * steps[axis]
        return tuple(calls)

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        return io.every_input
