"""PAD and PADV2: a border of the zero point, or of a given constant."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    Given,
    Interval,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Tensor,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move


class Pad(Move):
    kind = "PAD"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(1).constant:
            return (io.output.shape,)
        source = io.input(0)
        paddings = self.paddings(io)
        return (tuple(d + a + b for d, (a, b) in zip(source.shape, paddings, strict=True)),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        value = values[0]
        border = self.border(io)
        paddings = self.paddings(io)
        return (np.pad(value, paddings, constant_values=border),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if not (io.output.dtype.integer and io.output.shape):
            return super().ranges(io, inputs)
        source = io.input(0)
        border = Interval.of(int(self.border(io)), int(self.border(io)))
        *outer, (before, after) = self.paddings(io)
        inside = inputs[0].channels(source.shape[-1])
        if any(map(any, outer)):
            inside = inside.union(border)
        return (border.channels(before).joined((inside, border.channels(after))),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        require.int8(self.kind, source, target)
        steps = row_major(target.shape)
        paddings = self.paddings(io)
        start = sum(before * step for (before, _), step in zip(paddings, steps, strict=True))
        fill = KernelCall(
            kernel=portable("fill"),
            inputs=(),
            outputs=(target.id,),
            params={"count": target.nbytes, "value": int(self.border(io))},
        )
        loops = Loops(source.shape, (row_major(source.shape), steps))
        inside = copy_call(self.kind, source, target, loops, (0, start))
        return (fill, inside) if target.elements > source.elements else (inside,)

    def paddings(self, io: Operands) -> tuple[tuple[int, int], ...]:
        """(before, after) for each dimension."""
        return _paddings(io.input(0), io.integers(1))

    def border(self, io: Operands) -> int | float:
        """The code that lies around."""
        if io.output.dtype is not DType.INT8:
            return 0
        return io.output.q.zero_point


class PadV2(Pad):
    kind = "PADV2"
    arity = (3, 3)

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        return io.input(0), io.input(2)

    def check(self, io: Operands) -> None:
        super().check(io)
        border = io.input(2)
        if border.elements != 1:
            raise UnsupportedModel(f"PADV2 pads with '{border.name}', which is not one number")

    def border(self, io: Operands) -> int | float:
        value: int | float = io.constant(2).reshape(-1)[0].item()
        return value


def _paddings(source: Tensor, table: Array) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension of `source`."""
    if table.shape != (len(source.shape), 2) or (table < 0).any():
        raise UnsupportedModel(
            f"the paddings of '{source.name}' {list(source.shape)} are {table.tolist()}"
        )
    return tuple((int(before), int(after)) for before, after in table)
