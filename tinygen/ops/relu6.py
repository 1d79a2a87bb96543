"""RELU6 as a layer of its own: clamps codes in the input's quantization and never requantizes.

TFLM does so even where the output's quantization differs, where LiteRT would rescale; the codes
then mean something else, which the comparison with the float model shows.
"""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, KernelCall, Operands
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.fixed_point import Int64
from tinygen.ops.lookup import Lookup
from tinygen.ops.rectify import NOTHING, ONE, rectify_call


class Relu6(Lookup):
    kind = "RELU6"

    def codes(self, io: Operands, codes: Int64) -> Array:
        return np.clip(codes, *self._bounds(io))

    def call_int16(self, io: Operands) -> KernelCall:
        return rectify_call(io, ONE, NOTHING, self._bounds(io))

    def _bounds(self, io: Operands) -> tuple[int, int]:
        return quantized_range(Activation.RELU6, io.input(0).q, io.output.dtype)
