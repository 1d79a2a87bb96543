"""ADD_N and CUMSUM on int8: sums with 19 extra bits, requantized as ADD's."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    KernelCall,
    Lowered,
    Operands,
    Overlap,
    Shape,
    Tensor,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)
from tinygen.ops.parse import Parsed, Parser

_LEFT_SHIFT = 19
"""Of 20 bits that runtimes shift by, one goes into a factor of a half."""
_MOST = 16
"""Inputs of the kernel of ADD_N."""


class AddN(Parsed):
    """Tensors of one shape and one quantization."""

    kind = "ADD_N"
    arity = (2, _MOST)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shape = io.input(0).shape
        if any(t.shape != shape for t in io.every_input):
            raise UnsupportedModel("ADD_N of tensors with different shapes")
        return (shape,)

    def check(self, io: Operands) -> None:
        require.int8(self.kind, *io.every_input, io.output)
        first = io.input(0)
        for other in io.every_input:
            if not require.same(first.q, other.q):
                raise UnsupportedModel(
                    f"ADD_N adds '{first.name}' and '{other.name}', whose quantizations differ",
                    why="TensorFlow Lite Micro does not run it",
                )
        _factor(self.kind, first, io.output)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        zero_point = io.input(0).q.zero_point
        total = sum(value.astype(np.int64) - zero_point for value in values)
        # Runtimes begin at the code zero, which is not the number zero.
        return (_codes(self.kind, io, np.asarray(total - zero_point)),)

    def kernels(self, io: Operands) -> Lowered:
        first, target = io.input(0), io.output
        ids = [t.id for t in io.every_input]
        multiplier, shift = _factor(self.kind, first, target)
        call = KernelCall(
            kernel=portable("add_n"),
            inputs=(*ids, *[ids[-1]] * (_MOST - len(ids))),
            outputs=(target.id,),
            params={
                "count": target.elements,
                "inputs": len(ids),
                "zero_point": first.q.zero_point,
                "left_shift": _LEFT_SHIFT,
                "multiplier": multiplier,
                "shift": shift,
                "output_zero_point": target.q.zero_point,
            },
            overlaps=tuple(Overlap(i, 0, target.nbytes) for i in range(_MOST)),
        )
        return (call,)


@dataclass(frozen=True)
class Cumsum(Parsed):
    """Inputs: a tensor, the axis. Each element is the sum of those up to it."""

    exclusive: bool
    """Without the element itself."""
    reverse: bool
    """From the back."""

    kind = "CUMSUM"
    arity = (2, 2)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.CumsumOptions)
        return cls(bool(options.Exclusive()), bool(options.Reverse()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        self._axis(io)
        return (io.input(0).shape,)

    def check(self, io: Operands) -> None:
        require.int8(self.kind, io.input(0), io.output)
        _factor(self.kind, io.input(0), io.output)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        axis, zero_point = self._axis(io), io.input(0).q.zero_point
        value = values[0].astype(np.int64) - zero_point
        if self.reverse:
            value = np.flip(value, axis)
        total = np.cumsum(value, axis=axis)
        if self.exclusive:
            total = total - value
        if self.reverse:
            total = np.flip(total, axis)
        # Runtimes begin at the code zero, which is not the number zero.
        return (_codes(self.kind, io, total - zero_point),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        axis = self._axis(io)
        multiplier, shift = _factor(self.kind, source, target)
        call = KernelCall(
            kernel=portable("cumsum"),
            inputs=(source.id,),
            outputs=(target.id,),
            params={
                "outer": math.prod(source.shape[:axis]),
                "size": source.shape[axis],
                "inner": math.prod(source.shape[axis + 1 :]),
                "reverse": int(self.reverse),
                "exclusive": int(self.exclusive),
                "zero_point": source.q.zero_point,
                "left_shift": _LEFT_SHIFT,
                "multiplier": multiplier,
                "shift": shift,
                "output_zero_point": target.q.zero_point,
            },
        )
        return (call,)

    def _axis(self, io: Operands) -> int:
        return require.one_axis(self.kind, io, 1, len(io.input(0).shape))


def _factor(kind: str, source: Tensor, target: Tensor) -> tuple[int, int]:
    """(multiplier, shift) of the sum."""
    real = 2.0 * source.q.scale / ((1 << (_LEFT_SHIFT + 1)) * target.q.scale)
    if real >= 1.0:
        raise UnsupportedModel(
            f"{kind} gives '{target.name}' the scale {target.q.scale:g}",
            why="it is a million times smaller than the input's scale",
        )
    return quantize_multiplier(real)


def _codes(kind: str, io: Operands, total: Int64) -> Array:
    wide = wrap_int32(total << _LEFT_SHIFT)
    scaled = multiply_by_quantized_multiplier(wide, *_factor(kind, io.input(0), io.output))
    return np.clip(scaled + io.output.q.zero_point, INT8_MIN, INT8_MAX).astype(np.int8)
