"""What layers with weights share: checked operands, and requantization per output channel."""

from __future__ import annotations

from abc import abstractmethod
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
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.fixed_point import INT32_MAX, Int64, quantize_multiplier
from tinygen.ops.parse import Parsed
from tinygen.ops.requantization import OneRounding, Requantization, bias_or_zeros


def activation_quant(tensor: Tensor, kind: str) -> Quant:
    """The quantization of an activation, which must be int8 or int16 with one scale and zero
    point."""
    require.activations(kind, tensor)
    if not tensor.dtype.low <= tensor.q.zero_point <= tensor.dtype.high:
        raise UnsupportedModel(f"'{tensor.name}' has the zero point {tensor.q.zero_point}")
    return tensor.q


def int8_quant(tensor: Tensor, kind: str) -> Quant:
    """The same of one that must be int8."""
    require.int8(kind, tensor)
    return activation_quant(tensor, kind)


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


_INT32 = (DType.INT32,)
_LARGEST_BIAS = 1 << 46
"""TFLM requantizes int64 sums of 48 bits."""


def check_bias(
    bias: Tensor | None, channels: int, kind: str, types: tuple[DType, ...] = _INT32
) -> None:
    """Raise unless the bias is absent or one number of these types per output channel."""
    if bias is None:
        return
    if bias.dtype not in types or bias.elements != channels:
        names = " or ".join(dtype.value for dtype in types)
        raise UnsupportedModel(
            f"the bias '{bias.name}' of {kind} is {bias.dtype.value}{list(bias.shape)}",
            why=f"it has to be {channels} {names} numbers, one per output channel",
        )
    if bias.data is not None and bias.dtype is DType.INT64:
        largest = max(abs(int(end)) for end in (bias.data.min(), bias.data.max()))
        if largest > _LARGEST_BIAS:
            raise UnsupportedModel(
                f"the bias '{bias.name}' of {kind} reaches {largest:,}",
                why="runtimes compute sums of 48 bits",
                next_step="convert the model again, with data that reach every layer",
            )


_BIAS_SCALE = 0.02
"""How far a bias's scale may be from input times weight, as a share of that."""


def check_bias_scale(source: Tensor, weights: Tensor, bias: Tensor | None, kind: str) -> None:
    """Raise where the bias has a quantization other than that of the sums it is added to. Of zeros
    that does not matter: the converter has layers share them."""
    if bias is None or bias.quant is None or (bias.data is not None and not bias.data.any()):
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


def constant_bias(io: Operands, channels: int) -> Int64:
    """[channels]: the bias that is the third input of an operator, where it is a constant; zeros
    where there is none."""
    bias = None if io.optional(2) is None else io.constant(2)
    return bias_or_zeros(bias, channels).astype(np.int64)


def _of_64_bits(io: Operands) -> bool:
    """Whether the sums of these operands are: of int16 inputs, where the bias is not int32."""
    bias = io.optional(2)
    return io.input(0).dtype is DType.INT16 and (bias is None or bias.dtype is DType.INT64)


class Weighted(Parsed):
    """Sums of products with constant weights, requantized per output channel.

    Inputs: activation, weights, bias (may be absent).
    """

    activation: Activation
    channel_axis: ClassVar[int]
    """The dimension of the weights that counts output channels."""

    def bias_types(self, io: Operands) -> tuple[DType, ...]:
        """What the bias may be for this type of the input."""
        return (DType.INT64, DType.INT32) if io.input(0).dtype is DType.INT16 else (DType.INT32,)

    @abstractmethod
    def sums(self, io: Operands, values: Values) -> Int64: ...

    @abstractmethod
    def products(self, io: Operands, source: Interval) -> Interval:
        """What the sums of the products with the constant weights lie in: exact, as far as every
        input may have any value of its interval `source` whatever the others have."""

    def check(self, io: Operands) -> None:
        activation_quant(io.input(0), self.kind)
        require.activations(self.kind, io.input(0), io.output)
        check_weights(io.input(1), self.kind, axis=self.channel_axis)
        check_bias_scale(io.input(0), io.input(1), io.optional(2), self.kind)
        activation_quant(io.output, self.kind)

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
        """From sums to the output's codes, per channel or for all."""
        pairs = [quantize_multiplier(scale) for scale in self.scales(io)]
        made = Requantization(
            np.array([multiplier for multiplier, _ in pairs], np.int32),
            # Nothing is left of a zero multiplier, whatever its shift; right shifts are cheaper.
            np.array([shift if multiplier else -1 for multiplier, shift in pairs], np.int8),
            io.output.q.zero_point,
            *quantized_range(self.activation, io.output.q, io.output.dtype),
            io.output.dtype,
        )
        return OneRounding.of(made, self.kind) if _of_64_bits(io) else made

    def arithmetic(self, io: Operands, scale: Requantization) -> dict[str, ParamValue]:
        """The parameters of such a kernel that say how inputs become sums, and sums codes."""
        if io.output.dtype is not DType.INT16:
            return {"input_zero_point": io.input(0).q.zero_point, **scale.params()}
        source = Interval.of_type(io.input(0).dtype)
        sums = Weighted.accumulators(self, io, Given([source, None, None]))
        wide = _of_64_bits(io)
        fits = sums is not None and sums.magnitude.max() <= INT32_MAX
        return {
            "wide": int(wide and not fits),
            "once": int(wide),
            "output_min": scale.low,
            "output_max": scale.high,
        }

    def weights(self, io: Operands, scale: Requantization, channels: int) -> dict[str, Constant]:
        """The constants of such a kernel."""
        made = scale.constants(io, channels)
        if io.output.dtype is DType.INT16:
            made["bias"] = Constant(made["bias"].data.astype(np.int64))
        return made

    def scales(self, io: Operands) -> list[float]:
        """input scale * weight scale / output scale per output channel, in double as TFLM does.

        An operator whose kernel can do with one factor for all channels may give one.
        """
        weights, source, output = io.input(1), io.input(0).q.scale, io.output.q.scale
        channels = weights.shape[self.channel_axis]
        scales = weights.q.scales * channels if weights.q.per_tensor else weights.q.scales
        return [source * scale / output for scale in scales]
