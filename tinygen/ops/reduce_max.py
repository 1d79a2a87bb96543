"""REDUCE_MAX and REDUCE_MIN over any axes: a code is found, none is computed."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Given, Interval, Lowered, Operands, Values, portable
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
