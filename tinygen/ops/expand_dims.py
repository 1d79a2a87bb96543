"""EXPAND_DIMS: inserts a dimension of length one."""

from __future__ import annotations

from tinygen.ir import Operands, Shape
from tinygen.ops import require
from tinygen.ops.reshape import SameBytes


class ExpandDims(SameBytes):
    kind = "EXPAND_DIMS"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        source = io.input(0)
        operand = io.input(1)
        if operand.data is None:
            return (io.output.shape,)
        value = require.scalar(self.kind, operand)
        axis = require.axis(self.kind, value, len(source.shape) + 1)
        return ((*source.shape[:axis], 1, *source.shape[axis:]),)
