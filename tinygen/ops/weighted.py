"""What layers with weights share: checked operands, and requantization per output channel."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    Constant,
    DType,
    Given,
    Interval,
    Operands,
    ParamValue,
    Quant,
    Tensor,
    Values,
)
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN, Activation, quantized_range
from tinygen.ops.fixed_point import (
    INT32_MAX,
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)
from tinygen.ops.parse import Parsed


def int8_quant(tensor: Tensor, kind: str) -> Quant:
    """The quantization of an activation, which must be int8 with one scale and zero point."""
    require.int8(kind, tensor)
    if not INT8_MIN <= tensor.q.zero_point <= INT8_MAX:
        raise UnsupportedModel(f"'{tensor.name}' has the zero point {tensor.q.zero_point}")
    return tensor.q


def product_ends(weights: Array, source: Interval, zero_point: int) -> tuple[Int64, Int64]:
    """The least and the greatest product of each weight with an input of `source`, whose channels
    are the last dimension of `weights`, less its zero point."""
    wide = weights.astype(np.int64)
    ends = wide * (source.low - zero_point), wide * (source.high - zero_point)
    return np.minimum(*ends), np.maximum(*ends)


def check_weights(weights: Tensor, kind: str, axis: int) -> None:
    """Raise unless the weights are int8 and symmetric, per tensor or along `axis`."""
    require.dtype(kind, weights, DType.INT8)
    quant = weights.q
    if any(quant.zero_points):
        raise UnsupportedModel(f"the weights '{weights.name}' of {kind} have a zero point")
    if not quant.per_tensor and (quant.axis != axis or len(quant.scales) != weights.shape[axis]):
        raise UnsupportedModel(
            f"the weights '{weights.name}' of {kind} are quantized along dimension {quant.axis} "
            f"with {len(quant.scales)} scales",
            why=f"one scale, or one per output channel (dimension {axis}) is compiled",
        )


def check_bias(bias: Tensor | None, channels: int, kind: str) -> None:
    """Raise unless the bias is absent or one int32 per output channel."""
    if bias is not None and (bias.dtype is not DType.INT32 or bias.elements != channels):
        raise UnsupportedModel(
            f"the bias '{bias.name}' of {kind} is {bias.dtype.value}{list(bias.shape)}",
            why=f"it has to be {channels} int32 numbers, one per output channel",
        )


_BIAS_SCALE = 0.02
"""How far a bias's scale may be from input times weight, as a share of that."""


def check_bias_scale(source: Tensor, weights: Tensor, bias: Tensor | None, kind: str) -> None:
    """Raise where the bias has a quantization other than that of the sums it is added to."""
    if bias is None or bias.quant is None:
        return
    product = source.q.scale * np.array(weights.q.scales)
    told = np.array(bias.quant.scales)
    fits = told.size == 1 or product.size in (1, told.size)
    fits = fits and not any(bias.quant.zero_points)
    if not fits or (abs(told - product) > _BIAS_SCALE * product).any():
        raise UnsupportedModel(
            f"the bias '{bias.name}' of {kind} has the scale {_spread(told)} and the zero point "
            f"{bias.quant.zero_points[0]}",
            why=f"input times weights has the scale {_spread(product)} and the zero point 0, and "
            "runtimes add both as if they were one",
            next_step="quantize the Keras model with tinygen, or convert it again",
        )


def _spread(scales: Array) -> str:
    low, high = f"{scales.min():g}", f"{scales.max():g}"
    return low if low == high else f"{low} to {high}"


def bias_or_zeros(bias: Array | None, channels: int) -> Array:
    """The bias as int32[channels]."""
    if bias is None:
        return np.zeros(channels, np.int32)
    return bias.reshape(channels).astype(np.int32)


def constant_bias(io: Operands, channels: int) -> Int64:
    """[channels]: the bias that is the third input of an operator, where it is a constant; zeros
    where there is none."""
    bias = None if io.optional(2) is None else io.constant(2)
    return bias_or_zeros(bias, channels).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Requantization:
    """From int32 accumulators to int8: multipliers per channel or one, and the output's range."""

    multiplier: Array
    """int32, one or one per channel."""
    shift: Array
    """int8, as many: left if positive."""
    zero_point: int
    low: int
    high: int

    def apply(self, accumulator: Array) -> Array:
        """int8 outputs of exact integer sums whose last dimension is the channel."""
        scaled = multiply_by_quantized_multiplier(
            wrap_int32(accumulator), self.multiplier, self.shift
        )
        shifted = wrap_int32(scaled + self.zero_point)
        return np.clip(shifted, self.low, self.high).astype(np.int8)

    def range(self) -> Interval:
        """All that the clamp lets through."""
        return Interval.of(self.low, self.high)

    def interval(self, sums: Interval) -> Interval:
        """The codes of sums in this interval. Larger sums give larger codes unless int32 wraps;
        where different ones could, all that the clamp lets through."""
        left = np.maximum(self.shift.astype(np.int64), 0)
        # A product with the multiplier is no larger than what is multiplied; the zero point is.
        certain = sums.magnitude <= (INT32_MAX - 128) >> left
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


class Weighted(Parsed):
    """Sums of products with constant weights, requantized per output channel.

    Inputs: activation, weights, bias (may be absent).
    """

    activation: Activation
    channel_axis: ClassVar[int]
    """The dimension of the weights that counts output channels."""

    @abstractmethod
    def sums(self, io: Operands, values: Values) -> Int64: ...

    @abstractmethod
    def products(self, io: Operands, source: Interval) -> Interval:
        """What the sums of the products with the constant weights lie in: exact, as far as every
        input may have any value of its interval `source` whatever the others have."""

    def check(self, io: Operands) -> None:
        int8_quant(io.input(0), self.kind)
        check_weights(io.input(1), self.kind, axis=self.channel_axis)
        check_bias_scale(io.input(0), io.input(1), io.optional(2), self.kind)
        int8_quant(io.output, self.kind)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (self.requantization(io).apply(self.sums(io, values)).reshape(io.output.shape),)

    def accumulators(self, io: Operands, inputs: Given[Interval]) -> Interval | None:
        bias = io.optional(2)
        if io.input(1).data is None or (bias is not None and bias.data is None):
            return None
        sums = self.products(io, inputs[0])
        added = bias_or_zeros(None if bias is None else bias.data, sums.low.size)
        return Interval.of(sums.low + added, sums.high + added)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        return self.ranges_of(io, inputs, self.accumulators(io, inputs))

    def ranges_of(
        self,
        io: Operands,
        inputs: Given[Interval],  # noqa: ARG002
        sums: Interval | None,
    ) -> tuple[Interval, ...]:
        scale = self.requantization(io)
        return (scale.range() if sums is None else scale.interval(sums),)

    def requantization(self, io: Operands) -> Requantization:
        """From sums to the output's int8, per channel or for all."""
        pairs = [quantize_multiplier(scale) for scale in self.scales(io)]
        return Requantization(
            np.array([multiplier for multiplier, _ in pairs], np.int32),
            # Nothing is left of a zero multiplier, whatever its shift; right shifts are cheaper.
            np.array([shift if multiplier else -1 for multiplier, shift in pairs], np.int8),
            io.output.q.zero_point,
            *quantized_range(self.activation, io.output.q),
        )

    def scales(self, io: Operands) -> list[float]:
        """input scale * weight scale / output scale per output channel, in double as TFLM does.

        An operator whose kernel can do with one factor for all channels may give one.
        """
        weights, source, output = io.input(1), io.input(0).q.scale, io.output.q.scale
        channels = weights.shape[self.channel_axis]
        scales = weights.q.scales * channels if weights.q.per_tensor else weights.q.scales
        return [source * scale / output for scale in scales]
