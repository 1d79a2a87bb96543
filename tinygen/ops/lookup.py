"""Operators that map each int8 code to an int8 code: one 256-entry table, one kernel."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    Constant,
    DType,
    Given,
    Interval,
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
from tinygen.ops.fixed_functions import input_multiplier, input_radius, rescale_input
from tinygen.ops.fixed_point import Int64
from tinygen.ops.parse import Parsed


def lookup_call(source: Tensor, target: Tensor, function: Callable[[Array], Array]) -> KernelCall:
    """The kernel call for `function`, which maps an array of codes of a byte elementwise.

    Entry i of the table belongs to the code whose byte is i when read as unsigned.
    """
    table = function(np.arange(256, dtype=np.uint8).view(source.dtype.numpy))
    return KernelCall(
        kernel=portable("lookup"),
        inputs=(source.id,),
        outputs=(target.id,),
        params={"count": target.elements},
        constants={"table": Constant(table.astype(target.dtype.numpy).view(np.int8))},
        overlaps=(Overlap(0, 0, target.nbytes),),
    )


class Lookup(Parsed):
    """One tensor in, one of the same shape out, element by element."""

    @abstractmethod
    def codes(self, io: Operands, codes: Int64) -> Array:
        """The output codes for these input codes."""

    def call_int16(self, io: Operands) -> KernelCall | None:  # noqa: ARG002
        """The kernel call for int16, of whose codes there are too many for a table; None where
        the operator is compiled for int8 alone."""
        return None

    def check(self, io: Operands) -> None:
        if type(self).call_int16 is Lookup.call_int16:
            require.int8(self.kind, io.input(0), io.output)
        else:
            require.activations(self.kind, io.input(0), io.output)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (self._mapped(io, values[0]),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if io.output.dtype is DType.INT16:
            return super().ranges(io, inputs)
        return (inputs[0].through(lambda codes: self._mapped(io, codes)),)

    def kernels(self, io: Operands) -> Lowered:
        if io.output.dtype is DType.INT16 and (call := self.call_int16(io)) is not None:
            return (call,)
        return (lookup_call(io.input(0), io.output, lambda codes: self._mapped(io, codes)),)

    def _mapped(self, io: Operands, codes: Array) -> Array:
        return self.codes(io, codes.astype(np.int64)).astype(io.output.dtype.numpy)


_MOST_SHIFT = 62
"""Runtimes shift a one of 64 bits by it."""


def saturating_function(
    io: Operands, codes: Int64, function: Callable[[Int64, int], Int64]
) -> tuple[Int64, Int64]:
    """`function` (Q4 to Q0) of the real values of the codes, and where it is out of reach.

    The second array is -1 or 1 where the input is too large for Q4 and the result is the least
    or the greatest code; 0 elsewhere.
    """
    integer_bits = 4
    quant = io.input(0).q
    multiplier, shift = input_multiplier(quant.scale * (1 << (31 - integer_bits)))
    if not 0 <= shift <= _MOST_SHIFT:
        raise UnsupportedModel(
            f"{io.kind} reads '{io.input(0).name}' with the scale {quant.scale:g}",
            why="in 32 bits runtimes have no number for that",
            next_step="quantize the Keras model with tinygen",
        )
    radius = input_radius(integer_bits, shift)
    value = codes - quant.zero_point
    beyond = np.where(value <= -radius, -1, np.where(value >= radius, 1, 0))
    inside = np.where(beyond == 0, value, 0)
    return function(rescale_input(inside, multiplier, shift), integer_bits), beyond
