"""RESHAPE, SQUEEZE and EXPAND_DIMS share this: the same bytes under another shape."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Alias, Array, Given, Interval, Lowered, Operands, Shape, Tensor, Values
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser


class SameBytes(Move):
    """An operator that only renames dimensions: no code, one buffer for both tensors."""

    def check(self, io: Operands) -> None:
        super().check(io)
        source, target = io.input(0), io.output
        if source.elements != target.elements:
            raise _impossible(self.kind, source, target.shape)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (values[0].reshape(io.output.shape),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        shape = io.output.shape
        return (inputs[0].regrouped(shape[-1]) if shape else inputs[0].whole(),)

    def kernels(self, io: Operands) -> Lowered:
        if io.optional(1) is not None:
            io.integers(1)  # else the shape would be what the file declares, held against nothing
        return (Alias(io.input(0).id, io.output.id),)


@dataclass(frozen=True)
class Reshape(SameBytes):
    new_shape: Shape | None
    """The attribute that stands in for a missing shape operand; may hold one -1. Where there are
    both, they have to say the same."""

    kind = "RESHAPE"
    arity = (1, 2)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.ReshapeOptions)
        new_shape = None
        if not options.NewShapeIsNone():
            new_shape = tuple(int(options.NewShape(i)) for i in range(options.NewShapeLength()))
        return cls(new_shape)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        operand = io.optional(1)
        if operand is None:
            wanted = io.output.shape if self.new_shape is None else self.new_shape
        elif operand.data is None:
            return (io.output.shape,)
        else:
            wanted = tuple(int(d) for d in io.integers(1).reshape(-1))
        shape = resolve(self.kind, io.input(0), wanted)
        if self.new_shape and resolve(self.kind, io.input(0), self.new_shape) != shape:
            raise UnsupportedModel(
                f"RESHAPE of '{io.input(0).name}' says two shapes: {list(wanted)} in its operand, "
                f"{list(self.new_shape)} in its attribute",
                next_step="convert the model again; the file contradicts itself",
            )
        return (shape,)


def resolve(kind: str, source: Tensor, wanted: Shape) -> Shape:
    """`wanted` with its one -1 replaced, so that it holds the elements of `source`."""
    known = math.prod(d for d in wanted if d != -1)
    shape = wanted
    if wanted.count(-1) == 1 and known > 0:
        shape = tuple(source.elements // known if d == -1 else d for d in wanted)
    if any(d < 0 for d in shape) or math.prod(shape) != source.elements:
        raise _impossible(kind, source, wanted)
    return shape


def _impossible(kind: str, source: Tensor, wanted: Shape) -> UnsupportedModel:
    return UnsupportedModel(
        f"{kind} cannot give '{source.name}' {list(source.shape)} the shape {list(wanted)}"
    )
