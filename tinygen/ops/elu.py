"""ELU on floats: x above zero, exp(x) - 1 below. The converter has no int8 form of it.

It stands between DEQUANTIZE and QUANTIZE, where it is a function of one int8 code:
`passes/fold_float_islands.py` makes a table of all three.
"""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Lowered, Operands, Shape, Values
from tinygen.ops import require
from tinygen.ops.parse import Parsed

_SATURATED = -27 * np.log(2)
"""Below, expm1f is -1 exactly, in every library that descends from Sun's."""
_UNITS = 2
"""How many units in the last place expm1f of a C library may be off; glibc and newlib say 1."""


class Elu(Parsed):
    kind = "ELU"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), DType.FLOAT32)
        require.dtype(self.kind, io.output, DType.FLOAT32)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        (value,) = values
        below = np.expm1(np.minimum(value, 0).astype(np.float64)).astype(np.float32)
        return (np.where(value < 0, below, value),)

    def foldable(self, io: Operands) -> bool:  # noqa: ARG002
        """Never: which float32 value a device computes is not known to the last bit."""
        return False

    def bounds(self, io: Operands, value: Array) -> tuple[Array, Array]:
        """Between which float32 values every C library's result lies."""
        (exact,) = self.compute(io, Values((value,)))
        low = high = exact
        computed = (value < 0) & (value > _SATURATED)
        for _ in range(_UNITS):
            low = np.where(computed, np.nextafter(low, np.float32(-np.inf)), low)
            high = np.where(computed, np.nextafter(high, np.float32(np.inf)), high)
        return low, high

    def kernels(self, io: Operands) -> Lowered:
        raise UnsupportedModel(
            f"ELU on '{io.input(0).name}' computes in float",
            why="it is compiled between a DEQUANTIZE and a QUANTIZE, as a table of int8 codes",
            next_step="quantize the Keras model with tinygen",
        )
