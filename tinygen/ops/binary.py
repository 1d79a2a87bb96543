"""Operators of two tensors, element by element: broadcasting, and the ways they are lowered."""

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
    KernelCall,
    Lowered,
    Operands,
    ParamValue,
    Shape,
    Values,
)
from tinygen.ops import require
from tinygen.ops.activation import Activation
from tinygen.ops.fixed_point import Int64
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.lookup import lookup_call
from tinygen.ops.pairs import in_place, loops_of
from tinygen.ops.parse import Parsed
from tinygen.ops.whole import check_whole, compute_whole, is_whole, whole_call


class Binary(Parsed):
    """out = f(a, b) element by element, with numpy's broadcasting."""

    arity = (2, 2)
    kernel_name: ClassVar[str]
    """Of the portable one."""
    of_int16: ClassVar[bool] = False
    """Whether there is one for int16 too. Its parameters are the same but for zero points."""

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

    @property
    def fused(self) -> Activation:
        """The activation that the operator carries."""
        return Activation.NONE

    def check(self, io: Operands) -> None:
        if is_whole(self.kind, io):
            check_whole(self.kind, io, self.fused)
            return
        taken = require.activations if self.of_int16 else require.int8
        taken(self.kind, io.input(0), io.input(1), io.output)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        if is_whole(self.kind, io):
            return (compute_whole(self.kind, self.fused, *values),)
        return (self._of(io, *values).astype(io.output.dtype.numpy),)

    def kernels(self, io: Operands) -> Lowered:
        if is_whole(self.kind, io):
            return (whole_call(self.kind, io, self.fused),)
        a, b, target = io.input(0), io.input(1), io.output
        # A constant scalar leaves a function of one code.
        tabulated = target.dtype is DType.INT8
        if tabulated and b.data is not None and (b.elements, a.elements) == (1, target.elements):
            second = b.data.reshape(())
            return (lookup_call(a, target, lambda v: self._of(io, v, second)),)
        if tabulated and a.data is not None and (a.elements, b.elements) == (1, target.elements):
            first = a.data.reshape(())
            return (lookup_call(b, target, lambda v: self._of(io, first, v)),)

        own = self.params(io)
        if target.dtype is DType.INT16:
            own = {name: value for name, value in own.items() if "zero_point" not in name}
        return (
            KernelCall(
                kernel=kernel_of_type(self.kernel_name, target),
                inputs=(a.id, b.id),
                outputs=(target.id,),
                params={**loops_of(self.kind, target.shape, a.shape, b.shape), **own},
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
