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
from tinygen.ir import Array, DType, Operands, Shape, Tensor, Values
from tinygen.ops import require
from tinygen.ops.move import Move
from tinygen.ops.parse import Parsed, Parser

_SIZES = (DType.INT32, DType.INT64)
"""Types of what counts: dimensions, indices, axes."""


class ShapeOf(Parsed):
    """The dimensions of a tensor, known whether or not its values are."""

    kind = "SHAPE"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return ((len(io.input(0).shape),),)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.output, *_SIZES)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.array(io.input(0).shape, dtype=io.output.dtype.numpy),)

    def foldable(self, io: Operands) -> bool:  # noqa: ARG002
        return True


@dataclass(frozen=True)
class Pack(Move):
    """Tensors of one shape stacked along a new axis."""

    axis: int
    count: int | None = None
    """How many, as a file says it beside its inputs."""

    kind = "PACK"
    arity = (1, None)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.PackOptions)
        return cls(int(options.Axis()), int(options.ValuesCount()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        _require_count(self.kind, self.count, len(io.inputs))
        shape = io.input(0).shape
        if any(t.shape != shape for t in io.every_input):
            raise UnsupportedModel("PACK of tensors with different shapes")
        axis = require.axis(self.kind, self.axis, len(shape) + 1)
        return ((*shape[:axis], len(io.inputs), *shape[axis:]),)

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        return io.every_input

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.stack(list(values), axis=self.axis),)


@dataclass(frozen=True)
class Unpack(Move):
    """The slices of a tensor along an axis, which is dropped."""

    axis: int
    count: int | None = None
    """How many, as a file says it beside its outputs."""

    kind = "UNPACK"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.UnpackOptions)
        return cls(int(options.Axis()), int(options.Num()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shape = io.input(0).shape
        axis = require.axis(self.kind, self.axis, len(shape))
        count = len(io.outputs)
        _require_count(self.kind, self.count, count)
        if shape[axis] != count:
            raise UnsupportedModel(f"UNPACK of {list(shape)} into {count} tensors")
        return ((*shape[:axis], *shape[axis + 1 :]),) * count

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return tuple(np.moveaxis(values[0], self.axis, 0).copy())


def _require_count(kind: str, told: int | None, count: int) -> None:
    if told not in (None, count):
        raise UnsupportedModel(
            f"{kind} of {count} tensors says that there are {told}",
            next_step="convert the model again; the file contradicts itself",
        )


@dataclass(frozen=True)
class Gather(Move):
    """Slices of a tensor along an axis, picked by index."""

    axis: int

    kind = "GATHER"
    arity = (2, 2)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.GatherOptions)
        if options.BatchDims() != 0:
            raise UnsupportedModel("GATHER with batch dimensions is not compiled")
        return cls(int(options.Axis()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shape = io.input(0).shape
        axis = require.axis(self.kind, self.axis, len(shape))
        return ((*shape[:axis], *io.input(1).shape, *shape[axis + 1 :]),)

    def check(self, io: Operands) -> None:
        super().check(io)
        require.dtype(self.kind, io.input(1), *_SIZES)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        value, indices = values[0], values[1]
        size = value.shape[self.axis]
        if ((indices < 0) | (indices >= size)).any():
            raise UnsupportedModel(f"GATHER picks outside of '{io.input(0).name}'")
        return (np.take(value, indices, axis=self.axis),)


class Cast(Parsed):
    """Another element type, as C converts."""

    kind = "CAST"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        with np.errstate(invalid="ignore"):
            return (values[0].astype(io.output.dtype.numpy),)


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


class Fill(Parsed):
    """One number over a whole shape."""

    kind = "FILL"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(0).constant:
            return (io.output.shape,)
        shape = tuple(int(d) for d in io.integers(0).reshape(-1))
        if any(d < 0 for d in shape):
            raise UnsupportedModel(f"FILL of the shape {list(shape)}")
        return (shape,)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(1), io.output.dtype)
        if io.input(1).elements != 1:
            raise UnsupportedModel(f"FILL with '{io.input(1).name}', which is not one number")

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        value = values[1]
        return (np.full(io.output.shape, value.reshape(()), dtype=value.dtype),)


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
