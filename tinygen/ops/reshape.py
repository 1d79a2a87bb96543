"""RESHAPE, SQUEEZE and EXPAND_DIMS share this: the same bytes under another shape."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Alias, Array, Lowered, Operands, Shape, Tensor
from tinygen.ops.parse import Parsed, Parser


class SameBytes(Parsed):
    """An operator that only renames dimensions: no code, one buffer for both tensors."""

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        assert values[0] is not None
        return (values[0].reshape(io.output.shape),)

    def lower(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        if source.elements != target.elements:
            raise _impossible(self.kind, source, target.shape)
        return (Alias(source.id, target.id),)


@dataclass(frozen=True)
class Reshape(SameBytes):
    new_shape: Shape | None
    """The attribute that stands in for a missing shape operand; may hold one -1."""
    declared: Shape
    """The output's shape in the file, for a shape operand that is not yet known. Where the file
    leaves dimensions open it holds ones, so nothing is concluded from it."""

    kind: ClassVar[str] = "RESHAPE"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.ReshapeOptions)
        new_shape = None
        if options is not None and not options.NewShapeIsNone():
            new_shape = tuple(int(options.NewShape(i)) for i in range(options.NewShapeLength()))
        return cls(new_shape, parser.output_shapes[0])

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        io = Operands(tuple(inputs), ())
        operand = io.optional(1)
        if operand is None:
            wanted = self.declared if self.new_shape is None else self.new_shape
        elif operand.data is None:
            return (self.declared,)
        else:
            wanted = tuple(int(d) for d in operand.data.reshape(-1))
        return (resolve(self.kind, io.input(0), wanted),)


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
