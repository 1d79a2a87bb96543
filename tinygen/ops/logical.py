"""LOGICAL_OR, LOGICAL_AND and LOGICAL_NOT of booleans, bytes of 0 and 1: one kernel for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from tinygen.ir import (
    Array,
    DType,
    KernelCall,
    Lowered,
    Operands,
    Overlap,
    ParamValue,
    Shape,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.binary import Binary
from tinygen.ops.fixed_point import Int64
from tinygen.ops.pairs import loops_of
from tinygen.ops.parse import Parsed


class LogicalOr(Binary):
    kind = "LOGICAL_OR"
    kernel_name = "logical"
    flip: ClassVar[int] = 0
    """1 negates both inputs and the result."""

    def check(self, io: Operands) -> None:
        for tensor in (io.input(0), io.input(1), io.output):
            require.dtype(self.kind, tensor, DType.BOOL)

    def params(self, io: Operands) -> Mapping[str, ParamValue]:  # noqa: ARG002
        return {"flip_inputs": self.flip, "flip_output": self.flip}

    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:  # noqa: ARG002
        return ((a ^ self.flip) | (b ^ self.flip)) ^ self.flip


class LogicalAnd(LogicalOr):
    kind = "LOGICAL_AND"
    flip = 1


class LogicalNot(Parsed):
    kind = "LOGICAL_NOT"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), DType.BOOL)
        require.dtype(self.kind, io.output, DType.BOOL)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.logical_not(values[0]),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        call = KernelCall(
            kernel=portable("logical"),
            inputs=(source.id, source.id),
            outputs=(target.id,),
            params={
                **loops_of(self.kind, target.shape, source.shape, source.shape),
                "flip_inputs": 0,
                "flip_output": 1,
            },
            overlaps=(Overlap(0, 0, target.nbytes), Overlap(1, 0, target.nbytes)),
        )
        return (call,)
