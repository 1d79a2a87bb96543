"""From sums to codes: the factors of each channel, and how the result is rounded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Constant, DType, Interval, Operands, ParamValue
from tinygen.ops.fixed_point import INT32_MAX, multiply_by_quantized_multiplier, wrap_int32

_FRACTION = 15
"""Bits of a multiplier that sums of 64 bits are multiplied by."""
_GREATEST = 0x7FFF
_SHIFTS = range(1, 47)
"""To the right. TFLM multiplies sums of 48 bits, with a shift to the left of less than 8."""


def bias_or_zeros(bias: Array | None, channels: int) -> Array:
    """The bias as [channels], int32 where there is none."""
    return np.zeros(channels, np.int32) if bias is None else bias.reshape(channels)


@dataclass(frozen=True, eq=False)
class Requantization:
    """From int32 accumulators to codes: multipliers per channel or one, and the output's range."""

    multiplier: Array
    """int32, one or one per channel."""
    shift: Array
    """int8, as many: left if positive."""
    zero_point: int
    low: int
    high: int
    dtype: DType = DType.INT8
    """Of the output."""

    def apply(self, accumulator: Array) -> Array:
        """The codes of exact integer sums whose last dimension is the channel."""
        scaled = multiply_by_quantized_multiplier(
            wrap_int32(accumulator), self.multiplier, self.shift
        )
        shifted = wrap_int32(scaled + self.zero_point)
        return np.clip(shifted, self.low, self.high).astype(self.dtype.numpy)

    def range(self) -> Interval:
        """All that the clamp lets through."""
        return Interval.of(self.low, self.high)

    def interval(self, sums: Interval) -> Interval:
        """The codes of sums in this interval. Larger sums give larger codes unless int32 wraps;
        where different ones could, all that the clamp lets through."""
        left = np.maximum(self.shift.astype(np.int64), 0)
        # A product with the multiplier is no larger than what is multiplied; the zero point is.
        certain = sums.magnitude <= (INT32_MAX - self.dtype.high - 1) >> left
        certain |= sums.low == sums.high  # one sum has one code, however it wraps
        low, high = (self.apply(end).astype(np.int64) for end in (sums.low, sums.high))
        return Interval.of(np.where(certain, low, self.low), np.where(certain, high, self.high))

    def params(self) -> dict[str, ParamValue]:
        """The parameters of a kernel that requantizes like this."""
        return {
            "output_zero_point": self.zero_point,
            "all_right": int(self.shift.max() < 0),
            "output_min": self.low,
            "output_max": self.high,
        }

    def constants(self, io: Operands, channels: int) -> dict[str, Constant]:
        """The constants of such a kernel: weights, bias (zeros where absent), factors."""
        bias = io.constant(2) if io.optional(2) is not None else None
        return {
            "weights": Constant(io.constant(1)),
            "bias": Constant(bias_or_zeros(bias, channels)),
            "multiplier": Constant(self.multiplier),
            "shift": Constant(self.shift),
        }


@dataclass(frozen=True, eq=False)
class OneRounding(Requantization):
    """From int64 accumulators to int16: multipliers of 16 bits, and one rounding.

    `multiplier` is below 2^15 and `shift`, of at least 1, to the right:
    (sum * multiplier + 2^(shift - 1)) >> shift.
    """

    @classmethod
    def of(cls, made: Requantization, kind: str) -> OneRounding:
        """What TFLM makes of the multipliers and shifts of an int32 requantization."""
        wide = made.multiplier.astype(np.int64)
        reduced = np.minimum((wide + (1 << 15)) >> 16, _GREATEST)
        shift = _FRACTION - made.shift.astype(np.int64)
        shift[reduced == 0] = _FRACTION + 1  # nothing is left, whatever it is
        if shift.min() < _SHIFTS.start or shift.max() >= _SHIFTS.stop:
            raise UnsupportedModel(
                f"{kind} requantizes by a factor of 2^{_FRACTION - int(shift.min())}",
                why="the scales of a layer's inputs, weights and output do not belong together",
            )
        return cls(
            reduced.astype(np.int32), shift.astype(np.int8), 0, made.low, made.high, DType.INT16
        )

    def apply(self, accumulator: Array) -> Array:
        shift = self.shift.astype(np.int64)
        rounding = np.int64(1) << (shift - 1)
        product = accumulator.astype(np.int64) * self.multiplier.astype(np.int64)
        scaled = wrap_int32((product + rounding) >> shift)
        return np.clip(scaled, self.low, self.high).astype(np.int16)

    def interval(self, sums: Interval) -> Interval:
        """Larger sums give larger codes, unless what is left of them wraps in int32."""
        certain = sums.magnitude.astype(np.float64) * self.multiplier < 2.0 ** (
            30 + self.shift.astype(np.float64)
        )
        low, high = (self.apply(end).astype(np.int64) for end in (sums.low, sums.high))
        return Interval.of(np.where(certain, low, self.low), np.where(certain, high, self.high))
