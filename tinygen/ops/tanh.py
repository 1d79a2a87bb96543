"""TANH on int8, the output always scale 1/128 and zero point 0."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, Operands
from tinygen.ops import fixed_functions, require
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64, rounding_divide_by_pot
from tinygen.ops.lookup import Lookup, saturating_function


class Tanh(Lookup):
    kind = "TANH"

    def check(self, io: Operands) -> None:
        super().check(io)
        require.fixed_quant(self.kind, io.output, 1 / 128, 0)

    def codes(self, io: Operands, codes: Int64) -> Array:
        result, beyond = saturating_function(io, codes, fixed_functions.tanh)
        rounded = np.clip(rounding_divide_by_pot(result, 24), INT8_MIN, INT8_MAX)
        return np.select([beyond < 0, beyond > 0], [INT8_MIN, INT8_MAX], rounded)
