"""RSQRT: one by the square root, in fixed point."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Operands
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import (
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
)
from tinygen.ops.inverse_sqrt import inverse_sqrt
from tinygen.ops.lookup import Lookup

_BITS = 20
"""Fractional bits on the way."""


class Rsqrt(Lookup):
    """Of zero it is the greatest code, and so it is here of negative numbers, at which runtimes
    give up."""

    kind = "RSQRT"

    def codes(self, io: Operands, codes: Int64) -> Array:
        source, target = io.input(0).q, io.output.q
        value = codes - source.zero_point
        root, root_shift = inverse_sqrt(value)
        with np.errstate(over="ignore"):
            product = float(np.sqrt(np.float32(source.scale)) * np.float32(target.scale))
        multiplier, shift = quantize_multiplier(1.0 / product if product else np.inf)
        if shift < _BITS - 31:
            raise UnsupportedModel(
                f"RSQRT gives '{io.output.name}' the scale {target.scale:g}",
                why=f"it is too large for an input with the scale {source.scale:g}",
            )
        fraction = multiply_by_quantized_multiplier(np.ones_like(value), root, root_shift + _BITS)
        scaled = multiply_by_quantized_multiplier(fraction, multiplier, shift - _BITS)
        result = np.clip(scaled + target.zero_point, INT8_MIN, INT8_MAX)
        return np.where(value <= 0, INT8_MAX, result)
