"""HARD_SWISH: x * relu6(x + 3) / 6 on int8, in 16-bit fixed point."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Operands
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64, quantize_multiplier, rounding_divide_by_pot
from tinygen.ops.lookup import Lookup

_MOST_EXACT = 15
_INT16_MIN, _INT16_MAX = -(1 << 15), (1 << 15) - 1


class HardSwish(Lookup):
    kind = "HARD_SWISH"

    def codes(self, io: Operands, codes: Int64) -> Array:
        source, target = io.input(0).q, io.output.q
        # All scales are float32 arithmetic: their rounding reaches the multipliers.
        fine_scale = np.float32(1.0 / 128.0) * np.float32(source.scale)
        output_multiplier, output_shift = _int16_multiplier(fine_scale / np.float32(target.scale))
        reluish_scale = np.float32(3.0) / np.float32(32768.0)
        reluish_multiplier, reluish_shift = _int16_multiplier(fine_scale / reluish_scale)
        if output_shift > 0:
            raise UnsupportedModel(
                f"HARD_SWISH gives '{io.output.name}' the scale {target.scale:g}",
                why=f"it is too small for an input with the scale {source.scale:g}",
            )

        fine = (codes - source.zero_point) << 7
        on_output_scale = _high_mul16(fine, output_multiplier)
        # The gate relu6(x + 3) / 6 as a number in [0, 2**15]: rescaled so that 3 becomes 2**15,
        # saturated there, then moved from [-1, 1] to [0, 1].
        gate = fine
        if reluish_shift > 0:
            gate = _saturate16(gate << (reluish_shift - 1))
        gate = _high_mul16(gate, reluish_multiplier)
        if reluish_shift > 0:
            gate = _saturate16(gate << 1)
        if reluish_shift < 0:
            gate = _divide16(gate, -reluish_shift)
        gate = (gate + (1 << 15)) >> 1

        product = gate * on_output_scale
        gated = np.sign(product) * (np.abs(product) >> 15)  # truncates toward zero
        result = _divide16(gated, -output_shift)
        return np.clip(result + target.zero_point, INT8_MIN, INT8_MAX)


def _int16_multiplier(real: np.float32) -> tuple[int, int]:
    """A positive real as (16-bit multiplier, shift): real ~ multiplier * 2**(shift - 15)."""
    multiplier, shift = quantize_multiplier(float(real))
    return min((multiplier + (1 << 15)) >> 16, _INT16_MAX), shift


def _high_mul16(a: Int64, b: int) -> Int64:
    """round(a * b / 2**15), ties toward plus infinity; b is positive."""
    return (a * b + (1 << 14)) >> 15


def _divide16(value: Int64, exponent: int) -> Int64:
    """value / 2**exponent as gemmlowp has it in int16: of exponents above 15 the mask is all ones,
    which is -1, and what is left rounds away from zero."""
    if exponent > _MOST_EXACT:
        return np.where(value < 0, -1, 1)
    return rounding_divide_by_pot(value, exponent)


def _saturate16(value: Int64) -> Int64:
    return np.clip(value, _INT16_MIN, _INT16_MAX)
