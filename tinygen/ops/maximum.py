"""MAXIMUM and MINIMUM of two tensors: one of two codes, with broadcasting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from tinygen.ir import DType, Given, Interval, Operands, ParamValue
from tinygen.ops import require
from tinygen.ops.binary import Binary
from tinygen.ops.fixed_point import Int64


class Maximum(Binary):
    kind = "MAXIMUM"
    kernel_name = "maximum"
    of_int16 = True
    flip: ClassVar[int] = 0
    """-1 for the lesser: it is the greater of all bits flipped."""

    def check(self, io: Operands) -> None:
        super().check(io)
        for source in (io.input(0), io.input(1)):
            require.same_meaning(self.kind, source, io.output)

    def params(self, io: Operands) -> Mapping[str, ParamValue]:  # noqa: ARG002
        return {"flip": self.flip}

    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:  # noqa: ARG002
        greater: Int64 = np.maximum(a ^ self.flip, b ^ self.flip) ^ self.flip
        return greater

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if io.output.dtype is not DType.INT8:
            return super().ranges(io, inputs)
        return self.corners(io, inputs)


class Minimum(Maximum):
    kind = "MINIMUM"
    flip = -1
