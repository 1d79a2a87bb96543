"""ELU: x above zero, exp(x) - 1 below.

The converter has no int8 form of it. It stands between DEQUANTIZE and QUANTIZE, where it is a
function of one int8 code: `passes/fold_float_islands.py` makes a table of all three.
"""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, Operands
from tinygen.ops.float_function import Coded

_SATURATED = -27 * np.log(2)
"""Below, expm1f is -1 exactly, in every library that descends from Sun's."""


class Elu(Coded):
    kind = "ELU"
    through_int32 = True

    def exact(self, value: Array) -> Array:
        return np.where(value < 0, np.expm1(np.minimum(value, 0)), value)

    def bounds(self, io: Operands, value: Array) -> tuple[Array, Array]:  # noqa: ARG002
        exact = self.exact(value.astype(np.float64)).astype(np.float32)
        low, high = self.around(self.exact, value)
        computed = (value < 0) & (value > _SATURATED)
        return np.where(computed, low, exact), np.where(computed, high, exact)

    def tabulated(self, value: Array) -> tuple[Array, Array]:
        """TFLM subtracts 1 from expf here, and has expm1f for floats."""
        low, high = self.around(np.exp, value)
        one = np.float32(1.0)
        return np.where(value < 0, low - one, value), np.where(value < 0, high - one, value)
