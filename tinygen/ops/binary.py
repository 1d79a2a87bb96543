"""Operators of two tensors, element by element: broadcasting, and the two ways they are lowered."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

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
from tinygen.ops.fixed_point import Int64
from tinygen.ops.lookup import lookup_call
from tinygen.ops.loops import Rows, broadcast_loops
from tinygen.ops.parse import Parsed

_LOOPS = 5
"""Nested loops of the kernels: broadcasting that alternates more often is not compiled."""


class Binary(Parsed):
    """out = f(a, b) element by element, with numpy's broadcasting."""

    arity = (2, 2)
    kernel: ClassVar[Kernel]

    @abstractmethod
    def params(self, io: Operands) -> Mapping[str, ParamValue]:
        """The kernel's parameters apart from its loops."""

    @abstractmethod
    def quantized(self, io: Operands, a: Int64, b: Int64) -> Int64:
        """Codes for broadcastable codes."""

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        a, b = io.input(0), io.input(1)
        try:
            return (np.broadcast_shapes(a.shape, b.shape),)
        except ValueError:
            raise UnsupportedModel(
                f"{self.kind} cannot combine the shapes {list(a.shape)} and {list(b.shape)}"
            ) from None

    def check(self, io: Operands) -> None:
        require.int8(self.kind, io.input(0), io.input(1), io.output)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (self._of(io, *values).astype(io.output.dtype.numpy),)

    def kernels(self, io: Operands) -> Lowered:
        a, b, target = io.input(0), io.input(1), io.output
        # A constant scalar leaves a function of one code.
        tabulated = target.dtype is DType.INT8
        if tabulated and b.data is not None and (b.elements, a.elements) == (1, target.elements):
            second = b.data.reshape(())
            return (lookup_call(a, target, lambda v: self._of(io, v, second)),)
        if tabulated and a.data is not None and (a.elements, b.elements) == (1, target.elements):
            first = a.data.reshape(())
            return (lookup_call(b, target, lambda v: self._of(io, first, v)),)

        return (
            KernelCall(
                kernel=self.kernel,
                inputs=(a.id, b.id),
                outputs=(target.id,),
                params={
                    **loops_of(self.kind, target.shape, a.shape, b.shape),
                    **self.params(io),
                },
                overlaps=in_place(io),
            ),
        )

    def corners(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        """`ranges` where the result is monotone in each input, whatever the other is."""
        a, b = inputs
        ends = [self.quantized(io, x, y) for x in (a.low, a.high) for y in (b.low, b.high)]
        return (Interval.of(np.minimum.reduce(ends), np.maximum.reduce(ends)),)

    def _of(self, io: Operands, a: Array, b: Array) -> Array:
        return self.quantized(io, a.astype(np.int64), b.astype(np.int64))


def in_place(io: Operands) -> tuple[Overlap, ...]:
    """An input as large as the output is read where the output is then written."""
    target = io.output
    return tuple(
        Overlap(i, 0, target.nbytes)
        for i, t in enumerate((io.input(0), io.input(1)))
        if t.elements == target.elements and not t.constant
    )


def rows_of(io: Operands) -> Rows | None:
    """How kernels go through both inputs by rows; None where they cannot, or there is a table."""
    a, b, target = io.input(0), io.input(1), io.output
    if not target.elements or any(t.constant and t.elements == 1 for t in (a, b)):
        return None
    return broadcast_loops(target.shape, a.shape, b.shape).rows()


def loops_of(kind: str, output: Shape, a: Shape, b: Shape) -> Mapping[str, ParamValue]:
    """A kernel's loops over `output`, and the steps of two inputs that are broadcast to it."""
    loops = broadcast_loops(output, a, b)
    if len(loops.dims) > _LOOPS:
        raise UnsupportedModel(
            f"{kind} broadcasts {list(a)} with {list(b)}",
            why=f"that takes {len(loops.dims)} nested loops, the kernel has {_LOOPS}",
        )
    loops = loops.padded(_LOOPS)
    return {"dims": loops.dims, "strides0": loops.strides[0], "strides1": loops.strides[1]}
