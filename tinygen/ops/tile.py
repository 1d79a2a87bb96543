"""TILE and BROADCAST_TO: a tensor over and over."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Given, Interval, Lowered, Operands, Shape, Values
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, broadcast_loops, row_major
from tinygen.ops.move import Move


class Tile(Move):
    """Inputs: the tensor, how often each dimension is repeated as a whole."""

    kind = "TILE"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(1).constant:
            return (io.output.shape,)
        return (tuple(d * n for d, n in zip(io.input(0).shape, self._times(io), strict=True)),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (np.tile(values[0], self._times(io)),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        shape = io.output.shape
        return (inputs[0].regrouped(shape[-1]) if shape else inputs[0],)

    def kernels(self, io: Operands) -> Lowered:
        shape, times = io.input(0).shape, self._times(io)
        dims = tuple(size for pair in zip(times, shape, strict=True) for size in pair)
        steps = tuple(step for s in row_major(shape) for step in (0, s))
        return (
            copy_call(self.kind, io.input(0), io.output, Loops(dims, (steps, row_major(dims)))),
        )

    def _times(self, io: Operands) -> tuple[int, ...]:
        source, times = io.input(0), tuple(int(n) for n in io.integers(1).reshape(-1))
        if len(times) != len(source.shape) or min(times, default=1) < 1:
            raise UnsupportedModel(
                f"TILE repeats '{source.name}' {list(source.shape)} {list(times)} times"
            )
        return times


class BroadcastTo(Move):
    """Inputs: the tensor, the shape that it is given by repeating dimensions of length one."""

    kind = "BROADCAST_TO"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(1).constant:
            return (io.output.shape,)
        source, shape = io.input(0), tuple(int(d) for d in io.integers(1).reshape(-1))
        try:
            if np.broadcast_shapes(source.shape, shape) == shape:
                return (shape,)
        except ValueError:
            pass
        raise UnsupportedModel(
            f"BROADCAST_TO cannot give '{source.name}' {list(source.shape)} the shape {list(shape)}"
        )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (np.broadcast_to(values[0], io.output.shape).copy(),)

    def kernels(self, io: Operands) -> Lowered:
        loops = broadcast_loops(io.output.shape, io.input(0).shape, io.output.shape)
        return (copy_call(self.kind, io.input(0), io.output, loops),)
