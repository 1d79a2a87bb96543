"""EXPAND_DIMS: inserts a dimension of length one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from tinygen.ir import Operands, Shape, Tensor
from tinygen.ops import require
from tinygen.ops.parse import Parser
from tinygen.ops.reshape import SameBytes


@dataclass(frozen=True)
class ExpandDims(SameBytes):
    declared: Shape
    """The output's shape in the file, for an axis that is not yet known."""

    kind: ClassVar[str] = "EXPAND_DIMS"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        return cls(parser.output_shapes[0])

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        io = Operands(tuple(inputs), ())
        source = io.input(0)
        operand = io.input(1)
        if operand.data is None:
            return (self.declared,)
        value = require.scalar(self.kind, operand)
        axis = require.axis(self.kind, value, len(source.shape) + 1)
        return ((*source.shape[:axis], 1, *source.shape[axis:]),)
