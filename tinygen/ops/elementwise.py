"""What ADD, SUB, MUL and DIV share: attributes, and plain numbers beside what is compiled."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Given, Interval, Lowered, Operands, ParamValue, Values
from tinygen.ops import require
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.binary import Binary
from tinygen.ops.parse import Parser

_FOLDED = (DType.INT64, DType.FLOAT32)
"""Numbers that shapes are computed with, and that no kernel of this operator is for."""


@dataclass(frozen=True)
class Elementwise(Binary):
    """Arithmetic with a fused activation."""

    activation: Activation

    options_type: ClassVar[Any]
    """The schema's options class."""
    ufunc: ClassVar[np.ufunc]
    """The same operation on plain numbers (int64, float32), for folding shapes."""

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(cls.options_type)
        return cls(Activation.parse(options.FusedActivationFunction(), parser.kind))

    @property
    def fused(self) -> Activation:
        return self.activation

    def check(self, io: Operands) -> None:
        if io.output.dtype not in _FOLDED:
            super().check(io)
            return
        for source in (io.input(0), io.input(1)):
            require.dtype(self.kind, source, io.output.dtype)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        if io.output.dtype in _FOLDED:
            return (self._plain(io, *values),)
        return super().compute(io, values)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if io.output.dtype is not DType.INT8:
            return super().ranges(io, inputs)
        return self.corners(io, inputs)

    def kernels(self, io: Operands) -> Lowered:
        super().check(io)
        return super().kernels(io)

    def _plain(self, io: Operands, a: Array, b: Array) -> Array:
        if self.activation is not Activation.NONE:
            raise UnsupportedModel(
                f"{self.kind} of {io.output.dtype.value} with a fused activation is not compiled"
            )
        with np.errstate(over="ignore"):
            result: Array = self.ufunc(a, b)
        return result


class Scaled(Elementwise):
    """A function of both values above their zero points, whose result is scaled once."""

    @abstractmethod
    def multiplier(self, io: Operands) -> tuple[int, int]:
        """(multiplier, shift) from the function of both to the output's steps."""

    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        low, high = quantized_range(self.activation, io.output.q, io.output.dtype)
        multiplier, shift = self.multiplier(io)
        return {
            "zero_point0": io.input(0).q.zero_point,
            "zero_point1": io.input(1).q.zero_point,
            "multiplier": multiplier,
            "shift": shift,
            "zero_point": io.output.q.zero_point,
            "minimum": low,
            "maximum": high,
        }
