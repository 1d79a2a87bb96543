"""REDUCE_MAX, REDUCE_MIN and REDUCE_ALL over any axes: a code is found, none is computed."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Given, Interval, Lowered, Operands, Values, portable
from tinygen.ops import require
from tinygen.ops.reduction import Reduction


class ReduceMax(Reduction):
    kind = "REDUCE_MAX"
    flip: ClassVar[int] = 0
    """-1 for the least: it is the greatest of all bits flipped."""

    def check(self, io: Operands) -> None:
        require.int8(self.kind, io.input(0), io.output)
        if not require.same(io.input(0).q, io.output.q):
            raise UnsupportedModel(
                f"{self.kind} gives '{io.output.name}' another quantization than "
                f"'{io.input(0).name}' has",
                why="TensorFlow Lite Micro does not run it",
            )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        axes = tuple(sorted(self.axes(io)))
        greatest = np.max(values[0] ^ self.flip, axis=axes)
        return ((greatest ^ self.flip).astype(np.int8).reshape(io.output.shape),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        return (self.of_elements(io, inputs),)

    def kernels(self, io: Operands) -> Lowered:
        return (self.call(portable("reduce_max"), io, {"flip": self.flip}),)


class ReduceMin(ReduceMax):
    kind = "REDUCE_MIN"
    flip = -1


class ReduceAll(ReduceMin):
    """Of booleans, bytes of 0 and 1: whether all hold, which is the least of them."""

    kind = "REDUCE_ALL"

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), DType.BOOL)
        require.dtype(self.kind, io.output, DType.BOOL)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        every = np.all(values[0], axis=tuple(sorted(self.axes(io))))
        return (np.asarray(every).reshape(io.output.shape),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:  # noqa: ARG002
        return (Interval.of_type(DType.BOOL),)
