"""EQUAL, NOT_EQUAL, LESS, LESS_EQUAL, GREATER, GREATER_EQUAL on int8: booleans, with broadcasting.

Each code is rescaled by its own scale with 8 extra bits and rounded; what comes of it is compared,
so that codes of a small scale may count as equal. Numbers of int32 and float32, which masks are
made of, are compared as they are, and booleans for equality.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    KernelCall,
    Lowered,
    Operands,
    ParamValue,
    Quant,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.binary import Binary
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.pairs import loops_of

_LEFT_SHIFT = 8
_PLAIN = (DType.INT32, DType.FLOAT32, DType.BOOL)
"""Compared without a scale. In the kernel's order."""


class Comparison(Binary):
    kernel_name = "compare"
    holds: ClassVar[tuple[int, int, int]]
    """The result where the first is less than the second, equal, greater."""

    unordered: ClassVar[int] = 0
    """The result where one is no number."""
    plain: ClassVar[tuple[DType, ...]] = _PLAIN[:2]
    """What it compares without a scale."""

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.output, DType.BOOL)
        if io.input(0).dtype in _PLAIN:
            for source in (io.input(0), io.input(1)):
                require.dtype(self.kind, source, *self.plain)
            require.dtype(self.kind, io.input(1), io.input(0).dtype)
            return
        require.int8(self.kind, io.input(0), io.input(1))
        for source in (io.input(0), io.input(1)):
            if source.q.scale >= 1.0:
                raise UnsupportedModel(
                    f"{self.kind} on '{source.name}', which has the scale {source.q.scale:g}",
                    why="TensorFlow Lite Micro compares values of a scale below 1",
                )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        if io.input(0).dtype not in _PLAIN:
            return super().compute(io, values)
        a, b = values
        order = np.where(a < b, 0, np.where(a > b, 2, np.where(a == b, 1, 3)))
        return (np.array([*self.holds, self.unordered], np.bool_)[order],)

    def kernels(self, io: Operands) -> Lowered:
        a, b, target = io.input(0), io.input(1), io.output
        if a.dtype not in _PLAIN:
            return super().kernels(io)
        less, equal, greater = self.holds
        call = KernelCall(
            kernel=portable("compare_plain"),
            inputs=(a.id, b.id),
            outputs=(target.id,),
            params={
                **loops_of(self.kind, target.shape, a.shape, b.shape),
                "type": _PLAIN.index(a.dtype),
                "less": less,
                "equal": equal,
                "greater": greater,
                "unordered": self.unordered,
            },
        )
        return (call,)

    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        quants = [io.input(i).q for i in (0, 1)]
        (m0, s0), (m1, s1) = (quantize_multiplier(quant.scale) for quant in quants)
        less, equal, greater = self.holds
        return {
            "left_shift": _LEFT_SHIFT,
            "zero_point0": quants[0].zero_point,
            "multiplier0": m0,
            "shift0": s0,
            "zero_point1": quants[1].zero_point,
            "multiplier1": m1,
            "shift1": s1,
            "less": less,
            "equal": equal,
            "greater": greater,
        }

    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:
        order = np.sign(_scaled(a, io.input(0).q) - _scaled(b, io.input(1).q))
        result: Int64 = np.array(self.holds, np.int64)[order + 1]
        return result


def _scaled(codes: Array, quant: Quant) -> Int64:
    wide = (codes - quant.zero_point) << _LEFT_SHIFT
    return multiply_by_quantized_multiplier(wide, *quantize_multiplier(quant.scale))


class Equal(Comparison):
    kind = "EQUAL"
    holds = (0, 1, 0)
    plain = _PLAIN


class NotEqual(Comparison):
    kind = "NOT_EQUAL"
    holds = (1, 0, 1)
    unordered = 1
    plain = _PLAIN


class Less(Comparison):
    kind = "LESS"
    holds = (1, 0, 0)


class LessEqual(Comparison):
    kind = "LESS_EQUAL"
    holds = (1, 1, 0)


class Greater(Comparison):
    kind = "GREATER"
    holds = (0, 0, 1)


class GreaterEqual(Comparison):
    kind = "GREATER_EQUAL"
    holds = (0, 1, 1)
