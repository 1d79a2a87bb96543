"""REVERSE_V2: some dimensions from back to front."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, Lowered, Operands, Shape, Values
from tinygen.ops import require
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move


class ReverseV2(Move):
    kind = "REVERSE_V2"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (np.ascontiguousarray(np.flip(values[0], tuple(self._axes(io)))),)

    def kernels(self, io: Operands) -> Lowered:
        shape, axes = io.input(0).shape, self._axes(io)
        steps = row_major(shape)
        backward = tuple(-step if i in axes else step for i, step in enumerate(steps))
        start = sum((shape[i] - 1) * steps[i] for i in axes)
        loops = Loops(shape, (backward, steps))
        return (copy_call(self.kind, io.input(0), io.output, loops, (start, 0)),)

    def _axes(self, io: Operands) -> frozenset[int]:
        rank = len(io.input(0).shape)
        axes = io.integers(1).reshape(-1)
        return frozenset(require.axis(self.kind, int(axis), rank) for axis in axes)
