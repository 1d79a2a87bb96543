"""PAD and PADV2: a border of the zero point, or of a given number."""

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
from tinygen.ops.fill import fill_with
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move

_PADDED = (DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)


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
        border = self._given(io, values)
        return (np.pad(values[0], self.paddings(io), constant_values=border),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        source, code = io.input(0), self.border(io)
        if not (io.output.dtype.integer and io.output.shape) or code is None:
            return super().ranges(io, inputs)
        border = Interval.of(int(code), int(code))
        *outer, (before, after) = self.paddings(io)
        inside = inputs[0].channels(source.shape[-1])
        if any(map(any, outer)):
            inside = inside.union(border)
        return (border.channels(before).joined((inside, border.channels(after))),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        require.dtype(self.kind, source, *_PADDED)
        steps = row_major(target.shape)
        paddings = self.paddings(io)
        start = sum(before * step for (before, _), step in zip(paddings, steps, strict=True))
        loops = Loops(source.shape, (row_major(source.shape), steps))
        inside = copy_call(self.kind, source, target, loops, (0, start))
        return (self._filled(io), inside) if target.elements > source.elements else (inside,)

    def _filled(self, io: Operands) -> KernelCall:
        """What sets every element to the border's."""
        target, code = io.output, self.border(io)
        if code is None or (code and target.dtype is not DType.INT8):
            return fill_with(io.input(2), target)
        return KernelCall(
            kernel=portable("fill"),
            inputs=(),
            outputs=(target.id,),
            params={"count": target.nbytes, "value": int(code)},
        )

    def paddings(self, io: Operands) -> tuple[tuple[int, int], ...]:
        """(before, after) for each dimension."""
        return _paddings(io.input(0), io.integers(1))

    def border(self, io: Operands) -> int | float | None:
        """The code that lies around; None where it is data."""
        if io.output.dtype is not DType.INT8:
            return 0
        return io.output.q.zero_point

    def _given(self, io: Operands, values: Values) -> int | float:  # noqa: ARG002
        code = self.border(io)
        assert code is not None
        return code


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

    def border(self, io: Operands) -> int | float | None:
        if io.input(2).data is None:
            return None
        value: int | float = io.constant(2).reshape(-1)[0].item()
        return value

    def _given(self, io: Operands, values: Values) -> int | float:  # noqa: ARG002
        value: int | float = values[2].reshape(-1)[0].item()
        return value


def _paddings(source: Tensor, table: Array) -> tuple[tuple[int, int], ...]:
    """(before, after) for each dimension of `source`."""
    if table.shape != (len(source.shape), 2) or (table < 0).any():
        raise UnsupportedModel(
            f"the paddings of '{source.name}' {list(source.shape)} are {table.tolist()}"
        )
    return tuple((int(before), int(after)) for before, after in table)
