"""EXPAND_DIMS: inserts a dimension of length one."""

from __future__ import annotations

from tinygen.errors import UnsupportedModel
from tinygen.ir import Operands, Shape
from tinygen.ops import require
from tinygen.ops.reshape import SameBytes


class ExpandDims(SameBytes):
    kind = "EXPAND_DIMS"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        source = io.input(0)
        if not io.input(1).constant:
            return (io.output.shape,)
        value = io.integers(1)
        if value.size != 1:
            raise UnsupportedModel(f"EXPAND_DIMS with '{io.input(1).name}', which is no one number")
        axis = require.axis(self.kind, int(value.reshape(())), len(source.shape) + 1)
        return ((*source.shape[:axis], 1, *source.shape[axis:]),)
