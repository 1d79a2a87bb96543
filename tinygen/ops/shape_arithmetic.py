"""Operators that Keras models bring along to compute shapes; folded away, never compiled.

They are evaluated on constants (int32, int64, float32) when a graph is simplified. One that is
left because its inputs are not constant is refused when the graph is lowered (`Op.lower`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Operands, Shape, Tensor
from tinygen.ops import require
from tinygen.ops.parse import Parsed, Parser

_MAX_ELEMENTS = 1 << 20
"""Of a FILL or RANGE: a shape holds few numbers, a broken file could ask for gigabytes."""


@dataclass(frozen=True)
class ShapeOf(Parsed):
    """The dimensions of a tensor, known whether or not its values are."""

    kind: ClassVar[str] = "SHAPE"

    @classmethod
    def parse(cls, parser: Parser) -> Self:  # noqa: ARG003
        return cls()

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        return ((len(Operands(tuple(inputs), ()).input(0).shape),),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.array(io.input(0).shape, dtype=io.output.dtype.numpy),)

    def foldable(self, io: Operands) -> bool:  # noqa: ARG002
        return True


@dataclass(frozen=True)
class Pack(Parsed):
    """Tensors of one shape stacked along a new axis."""

    axis: int

    kind: ClassVar[str] = "PACK"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.PackOptions)
        return cls(int(options.Axis()) if options else 0)

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        io = Operands(tuple(inputs), ())
        shape = io.input(0).shape
        if any(io.input(i).shape != shape for i in range(len(io.inputs))):
            raise UnsupportedModel("PACK of tensors with different shapes")
        axis = require.axis(self.kind, self.axis, len(shape) + 1)
        return ((*shape[:axis], len(io.inputs), *shape[axis:]),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.stack([_given(v) for v in values], axis=self.axis),)


@dataclass(frozen=True)
class Unpack(Parsed):
    """The slices of a tensor along an axis, which is dropped."""

    axis: int
    count: int

    kind: ClassVar[str] = "UNPACK"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.UnpackOptions)
        axis = int(options.Axis()) if options else 0
        return cls(axis, len(parser.output_shapes))

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        shape = Operands(tuple(inputs), ()).input(0).shape
        axis = require.axis(self.kind, self.axis, len(shape))
        if shape[axis] != self.count:
            raise UnsupportedModel(f"UNPACK of {list(shape)} into {self.count} tensors")
        return ((*shape[:axis], *shape[axis + 1 :]),) * self.count

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:  # noqa: ARG002
        return tuple(np.moveaxis(_given(values[0]), self.axis, 0).copy())


@dataclass(frozen=True)
class Gather(Parsed):
    """Slices of a tensor along an axis, picked by index."""

    axis: int

    kind: ClassVar[str] = "GATHER"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.GatherOptions)
        if options is not None and options.BatchDims() != 0:
            raise UnsupportedModel("GATHER with batch dimensions is not compiled")
        return cls(int(options.Axis()) if options else 0)

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        io = Operands(tuple(inputs), ())
        shape = io.input(0).shape
        axis = require.axis(self.kind, self.axis, len(shape))
        return ((*shape[:axis], *io.input(1).shape, *shape[axis + 1 :]),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        value, indices = _given(values[0]), _given(values[1])
        size = value.shape[self.axis]
        if ((indices < 0) | (indices >= size)).any():
            raise UnsupportedModel(f"GATHER picks outside of '{io.input(0).name}'")
        return (np.take(value, indices, axis=self.axis),)


@dataclass(frozen=True)
class Cast(Parsed):
    """Another element type, as C converts."""

    kind: ClassVar[str] = "CAST"

    @classmethod
    def parse(cls, parser: Parser) -> Self:  # noqa: ARG003
        return cls()

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        return (Operands(tuple(inputs), ()).input(0).shape,)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        with np.errstate(invalid="ignore"):
            return (_given(values[0]).astype(io.output.dtype.numpy),)


@dataclass(frozen=True)
class ReduceProd(Parsed):
    """The product over some axes."""

    keep_dims: bool
    declared: Shape
    """The output's shape in the file, for axes that are not yet known."""

    kind: ClassVar[str] = "REDUCE_PROD"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.ReducerOptions)
        return cls(bool(options.KeepDims()) if options else False, parser.output_shapes[0])

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        io = Operands(tuple(inputs), ())
        if not io.input(1).constant:
            return (self.declared,)
        shape, axes = io.input(0).shape, self._axes(io)
        if self.keep_dims:
            return (tuple(1 if i in axes else d for i, d in enumerate(shape)),)
        return (tuple(d for i, d in enumerate(shape) if i not in axes),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        value = _given(values[0])
        product = np.prod(value, axis=self._axes(io), keepdims=self.keep_dims, dtype=value.dtype)
        return (np.asarray(product, dtype=value.dtype),)

    def _axes(self, io: Operands) -> tuple[int, ...]:
        rank = len(io.input(0).shape)
        named = {require.axis(self.kind, int(a), rank) for a in io.constant(1).reshape(-1)}
        return tuple(sorted(named))


@dataclass(frozen=True)
class Fill(Parsed):
    """One number over a whole shape."""

    declared: Shape
    """The output's shape in the file, for dimensions that are not yet known."""

    kind: ClassVar[str] = "FILL"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        return cls(parser.output_shapes[0])

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        io = Operands(tuple(inputs), ())
        if not io.input(0).constant:
            return (self.declared,)
        return (tuple(int(d) for d in io.constant(0).reshape(-1)),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        _limit(self.kind, io.output)
        value = _given(values[1])
        if value.size != 1:
            raise UnsupportedModel(f"FILL with '{io.input(1).name}', which is not one number")
        return (np.full(io.output.shape, value.reshape(()), dtype=value.dtype),)


@dataclass(frozen=True)
class Range(Parsed):
    """Numbers from a start by a step up to a limit."""

    declared: Shape
    """The output's shape in the file, for ends that are not yet known."""

    kind: ClassVar[str] = "RANGE"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        return cls(parser.output_shapes[0])

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        io = Operands(tuple(inputs), ())
        if not all(io.input(i).constant for i in range(3)):
            return (self.declared,)
        start, limit, step = (io.constant(i).reshape(-1)[0].item() for i in range(3))
        if step == 0:
            raise UnsupportedModel("RANGE with a step of zero")
        return ((max(0, int(np.ceil((limit - start) / step))),),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        _limit(self.kind, io.output)
        start, _, step = (_given(v).reshape(()) for v in values)
        numbers = start + np.arange(io.output.elements, dtype=start.dtype) * step
        return (numbers.astype(io.output.dtype.numpy),)


def _given(value: Array | None) -> Array:
    assert value is not None
    return value


def _limit(kind: str, output: Tensor) -> None:
    if output.elements > _MAX_ELEMENTS:
        raise UnsupportedModel(f"{kind} makes '{output.name}' with {output.elements} elements")
