"""What ADD, SUB and MUL share: attributes, broadcasting, and the two ways they are lowered."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    Given,
    Interval,
    Kernel,
    KernelCall,
    Lowered,
    Operands,
    Overlap,
    ParamValue,
    Shape,
    Values,
)
from tinygen.ops import require
from tinygen.ops.activation import Activation
from tinygen.ops.fixed_point import Int64
from tinygen.ops.lookup import lookup_call
from tinygen.ops.loops import broadcast_loops
from tinygen.ops.parse import Parsed, Parser

_LOOPS = 5
"""Nested loops of the kernels: broadcasting that alternates more often is not compiled."""

_PLAIN = (DType.INT32, DType.INT64, DType.FLOAT32)
"""Numbers that shapes are computed with: folded, never compiled."""


@dataclass(frozen=True)
class Elementwise(Parsed):
    """out = f(a, b) element by element, with numpy's broadcasting."""

    activation: Activation

    arity = (2, 2)
    options_type: ClassVar[Any]
    """The schema's options class."""
    ufunc: ClassVar[np.ufunc]
    """The same operation on plain numbers (int32, int64, float32), for folding shapes."""
    kernel: ClassVar[Kernel]

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(cls.options_type)
        return cls(Activation.parse(options.FusedActivationFunction(), parser.kind))

    @abstractmethod
    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        """The kernel's parameters apart from its loops."""

    @abstractmethod
    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:
        """int8 codes for broadcastable int8 codes."""

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        a, b = io.input(0), io.input(1)
        try:
            return (np.broadcast_shapes(a.shape, b.shape),)
        except ValueError:
            raise UnsupportedModel(
                f"{self.kind} cannot combine the shapes {list(a.shape)} and {list(b.shape)}"
            ) from None

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        a, b = values
        if io.output.dtype in _PLAIN:
            return (self._plain(io, a, b),)
        return (self.quantized(io, a.astype(np.int64), b.astype(np.int64)).astype(np.int8),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if io.output.dtype in _PLAIN:
            return super().ranges(io, inputs)
        # Monotone in each input, whatever the other is: the ends are reached at the corners.
        a, b = inputs
        corners = [self.quantized(io, x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        return (Interval.of(np.minimum.reduce(corners), np.maximum.reduce(corners)),)

    def kernels(self, io: Operands) -> Lowered:
        a, b, target = io.input(0), io.input(1), io.output
        require.int8(self.kind, a, b, target)
        # A constant scalar leaves a function of one code.
        if b.data is not None and b.elements == 1 and a.elements == target.elements:
            other = b.data.reshape(())
            return (lookup_call(a, target, lambda v: self._of(io, v, other)),)
        if a.data is not None and a.elements == 1 and b.elements == target.elements:
            other = a.data.reshape(())
            return (lookup_call(b, target, lambda v: self._of(io, other, v)),)

        loops = broadcast_loops(target.shape, a.shape, b.shape)
        if len(loops.dims) > _LOOPS:
            raise UnsupportedModel(
                f"{self.kind} broadcasts {list(a.shape)} with {list(b.shape)}",
                why=f"that takes {len(loops.dims)} nested loops, the kernel has {_LOOPS}",
            )
        loops = loops.padded(_LOOPS)
        # An input as large as the output is read where the output is then written.
        overlaps = tuple(
            Overlap(i, 0, target.nbytes)
            for i, t in enumerate((a, b))
            if t.elements == target.elements
        )
        return (
            KernelCall(
                kernel=self.kernel,
                inputs=(a.id, b.id),
                outputs=(target.id,),
                params={
                    "dims": loops.dims,
                    "strides0": loops.strides[0],
                    "strides1": loops.strides[1],
                    **self.params(io),
                },
                overlaps=overlaps,
            ),
        )

    def check(self, io: Operands) -> None:
        a, b, target = io.input(0), io.input(1), io.output
        if target.dtype not in _PLAIN:
            require.int8(self.kind, a, b, target)
            return
        for source in (a, b):
            require.dtype(self.kind, source, target.dtype)

    def _of(self, io: Operands, a: Array, b: Array) -> Array:
        return self.quantized(io, a.astype(np.int64), b.astype(np.int64))

    def _plain(self, io: Operands, a: Array, b: Array) -> Array:
        if self.activation is not Activation.NONE:
            raise UnsupportedModel(
                f"{self.kind} of {io.output.dtype.value} with a fused activation is not compiled"
            )
        with np.errstate(over="ignore"):
            result: Array = self.ufunc(a, b)
        return result
