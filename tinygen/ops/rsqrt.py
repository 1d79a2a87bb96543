"""RSQRT: one by the square root, in fixed point."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, KernelCall, Operands, Overlap, portable
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.inverse_sqrt import inverse_sqrt
from tinygen.ops.lookup import Lookup
from tinygen.ops.rectify import Factor

_BITS = 20
"""Fractional bits on the way."""


class Rsqrt(Lookup):
    """Of zero it is the greatest code, and so it is here of negative numbers, at which runtimes
    give up."""

    kind = "RSQRT"

    def codes(self, io: Operands, codes: Int64) -> Array:
        target = io.output
        value = codes - io.input(0).q.zero_point
        root, root_shift = inverse_sqrt(value)
        fraction = multiply_by_quantized_multiplier(np.ones_like(value), root, root_shift + _BITS)
        scaled = multiply_by_quantized_multiplier(fraction, *self._factor(io))
        low, high = target.dtype.low, target.dtype.high
        return np.where(value <= 0, high, np.clip(scaled + target.q.zero_point, low, high))

    def call_int16(self, io: Operands) -> KernelCall:
        multiplier, shift = self._factor(io)
        return KernelCall(
            kernel=portable("rsqrt_int16"),
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={"count": io.output.elements, "multiplier": multiplier, "shift": shift},
            overlaps=(Overlap(0, 0, io.output.nbytes),),
        )

    def _factor(self, io: Operands) -> Factor:
        """From roots in 2^-20 to codes."""
        source, target = io.input(0).q, io.output.q
        with np.errstate(over="ignore"):
            product = float(np.sqrt(np.float32(source.scale)) * np.float32(target.scale))
        multiplier, shift = quantize_multiplier(1.0 / product if product else np.inf)
        if shift < _BITS - 31:
            raise UnsupportedModel(
                f"RSQRT gives '{io.output.name}' the scale {target.scale:g}",
                why=f"it is too large for an input with the scale {source.scale:g}",
            )
        return multiplier, shift - _BITS
