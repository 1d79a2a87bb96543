"""Operators that Keras models bring along to compute shapes; folded away, never compiled.

They are evaluated on constants (int32, int64, float32) when a graph is simplified. One that is
left because its inputs are not constant is refused when the graph is lowered (`Op.lower`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    Operands,
    Shape,
    Values,
)
from tinygen.ops import require
from tinygen.ops.cast import declared
from tinygen.ops.parse import Parsed, Parser

_SIZES = (DType.INT32, DType.INT64)
"""Types of what counts: dimensions, indices, axes."""


@dataclass(frozen=True)
class ShapeOf(Parsed):
    """The dimensions of a tensor, known whether or not its values are. `out_type` is the schema's
    number of the output's type, 0 where the file does not say it here too."""

    out_type: int = 0
    kind = "SHAPE"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        return cls(int(parser.options(tflite.ShapeOptions).OutType()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return ((len(io.input(0).shape),),)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.output, *_SIZES)
        declared(self.kind, "out_type", self.out_type, io.output)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.array(io.input(0).shape, dtype=io.output.dtype.numpy),)

    def foldable(self, io: Operands) -> bool:  # noqa: ARG002
        return True


@dataclass(frozen=True)
class ReduceProd(Parsed):
    """The product over some axes."""

    keep_dims: bool
    kind = "REDUCE_PROD"
    arity = (2, 2)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.ReducerOptions)
        return cls(bool(options.KeepDims()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(1).constant:
            return (io.output.shape,)
        shape, axes = io.input(0).shape, self._axes(io)
        if self.keep_dims:
            return (tuple(1 if i in axes else d for i, d in enumerate(shape)),)
        return (tuple(d for i, d in enumerate(shape) if i not in axes),)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), io.output.dtype)
        require.dtype(self.kind, io.input(1), *_SIZES)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        value = values[0]
        product = np.prod(value, axis=self._axes(io), keepdims=self.keep_dims, dtype=value.dtype)
        return (np.asarray(product, dtype=value.dtype),)

    def _axes(self, io: Operands) -> tuple[int, ...]:
        rank = len(io.input(0).shape)
        named = {require.axis(self.kind, int(a), rank) for a in io.integers(1).reshape(-1)}
        return tuple(sorted(named))


class Range(Parsed):
    """Numbers from a start by a step up to a limit."""

    kind = "RANGE"
    arity = (3, 3)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not all(io.input(i).constant for i in range(3)):
            return (io.output.shape,)
        if any(io.input(i).elements != 1 for i in range(3)):
            raise UnsupportedModel("RANGE between what is not one number each")
        start, limit, step = (io.constant(i).reshape(()).item() for i in range(3))
        count = (limit - start) / step if step else math.nan
        if not math.isfinite(count):
            raise UnsupportedModel(f"RANGE from {start} to {limit} with a step of {step}")
        return ((max(0, math.ceil(count)),),)

    def check(self, io: Operands) -> None:
        for i in range(3):
            require.dtype(self.kind, io.input(i), io.output.dtype)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        start, _, step = (v.reshape(()) for v in values)
        numbers = start + np.arange(io.output.elements, dtype=start.dtype) * step
        return (numbers.astype(io.output.dtype.numpy),)


class BroadcastArgs(Parsed):
    """The shape to which tensors of two shapes are broadcast."""

    kind = "BROADCAST_ARGS"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        ranks = [io.input(i).shape for i in range(2)]
        if any(len(shape) != 1 for shape in ranks):
            raise UnsupportedModel("BROADCAST_ARGS of what are no two shapes")
        return (max(ranks),)

    def check(self, io: Operands) -> None:
        for i in range(2):
            require.dtype(self.kind, io.input(i), *_SIZES)
            require.dtype(self.kind, io.output, io.input(i).dtype)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        shapes = [tuple(int(d) for d in value) for value in values]
        try:
            shape = np.broadcast_shapes(*shapes)
        except ValueError:
            raise UnsupportedModel(
                f"BROADCAST_ARGS of the shapes {list(shapes[0])} and {list(shapes[1])}"
            ) from None
        return (np.array(shape, io.output.dtype.numpy),)
