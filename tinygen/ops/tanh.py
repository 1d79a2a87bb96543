"""TANH; the output has always scale 1/128, of int16 1/32768, and zero point 0."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, DType, KernelCall, Operands
from tinygen.ops import fixed_functions, require, sigmoid_table
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64, rounding_divide_by_pot
from tinygen.ops.lookup import Lookup, saturating_function

_EXACT = range(2)
_BITS = 8


class Tanh(Lookup):
    kind = "TANH"

    def check(self, io: Operands) -> None:
        super().check(io)
        if io.output.dtype is DType.INT16:
            require.share_of_32768(self.kind, io.output)
        else:
            require.fixed_quant(self.kind, io.output, 1 / 128, 0)

    def call_int16(self, io: Operands) -> KernelCall:
        return sigmoid_table.call(io, "tanh_int16", _EXACT)

    def codes(self, io: Operands, codes: Int64) -> Array:
        if io.output.dtype is DType.INT16:
            return _of_int16(io, codes)
        result, beyond = saturating_function(io, codes, fixed_functions.tanh)
        rounded = np.clip(rounding_divide_by_pot(result, 24), INT8_MIN, INT8_MAX)
        return np.select([beyond < 0, beyond > 0], [INT8_MIN, INT8_MAX], rounded)


def _of_int16(io: Operands, codes: Int64) -> Int64:
    value = sigmoid_table.rescaled(io, codes, _EXACT)
    magnitude = np.abs(value)
    last = sigmoid_table.beyond(magnitude, _BITS)
    found = np.where(last, 0xFFFF << _BITS, sigmoid_table.interpolated(magnitude, _BITS))
    one, half = 1 << (14 + 9), 1 << (9 - 2)
    made: Int64 = np.where(value >= 0, found - one + half, one - found + half - 1) >> _BITS
    return made
