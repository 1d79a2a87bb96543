"""TRANSPOSE: dimensions in another order."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Alias, Array, Given, Interval, Lowered, Operands, Shape, Values
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move


class Transpose(Move):
    kind = "TRANSPOSE"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(1).constant:
            return (io.output.shape,)
        shape = io.input(0).shape
        return (tuple(shape[axis] for axis in self._order(io)),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (np.array(np.transpose(values[0], self._order(io)), order="C"),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        order = self._order(io)
        stays = not order or order[-1] == len(order) - 1
        return (inputs[0] if stays else inputs[0].whole(),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        order = self._order(io)
        moved = [axis for axis in order if source.shape[axis] != 1]
        if moved == sorted(moved):  # only dimensions of length one change places
            return (Alias(source.id, target.id),)
        steps = row_major(source.shape)
        loops = Loops(target.shape, (tuple(steps[a] for a in order), row_major(target.shape)))
        return (copy_call(self.kind, source, target, loops),)

    def _order(self, io: Operands) -> tuple[int, ...]:
        rank = len(io.input(0).shape)
        order = tuple(int(axis) for axis in io.integers(1).reshape(-1))
        if sorted(order) != list(range(rank)):
            raise UnsupportedModel(
                f"TRANSPOSE orders the {rank} dimensions of '{io.input(0).name}' as {list(order)}"
            )
        return order
