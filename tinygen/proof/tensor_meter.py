"""What is seen of one int8 tensor over samples, beside its float counterpart: sums, no copies."""

from __future__ import annotations

import math

import numpy as np

from tinygen.ir import Array, DType, Tensor, dequantize, quantize
from tinygen.proof.layer_fidelity import Widest
from tinygen.proof.metrics import decibel

_ENOUGH = 8
"""So many values of a channel are needed to say that it never changes."""
_TAIL = 0.001
_WIDE = 8.0
"""A channel of so many times the median range is worth a word."""


class TensorMeter:
    """Adds up, sample by sample, what its properties then tell."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.channels = tensor.shape[-1] if len(tensor.shape) > 1 else 1
        self._low, self._high = tensor.dtype.low, tensor.dtype.high
        self._codes = np.zeros(self._high - self._low + 1, np.int64)
        self._seen, self._beyond = 0, 0
        self._signal = self._noise = self._rounding = 0.0
        self._own_signal, self._own_noise = np.zeros(self.channels), np.zeros(self.channels)
        self._int8_range = _Range(self.channels)
        """As the layer alone makes them; without a float model, as the model runs."""
        self._real_range = _Range(self.channels)
        self.largest: list[float] = []
        """The largest absolute value of each sample, in float."""

    def real(self, codes: Array) -> Array:
        """What codes stand for, float32."""
        return dequantize(codes, self.tensor.q.scale, self.tensor.q.zero_point)

    def quantized(self, real: Array) -> Array:
        """Real values as codes."""
        return quantize(real, self.tensor.q.scale, self.tensor.q.zero_point, self.tensor.dtype)

    def run(self, codes: Array) -> None:
        """One sample, of an int8 model alone."""
        self._count(codes)
        self._int8_range.take(codes)

    def compare(self, codes: Array, real: Array) -> None:
        """One sample, as both models run. What is counted are the codes that the float values have:
        what was lost before is not this tensor's."""
        self._count(self.quantized(real))
        wide = real.astype(np.float64)
        self._signal += float(np.sum(np.square(wide)))
        self._noise += float(np.sum(np.square(self.real(codes) - wide)))
        self._real_range.take(real)
        self.largest.append(float(np.max(np.abs(wide), initial=0.0)))
        scale, zero = self.tensor.q.scale, self.tensor.q.zero_point
        low, high = scale * (self._low - 0.5 - zero), scale * (self._high + 0.5 - zero)
        self._beyond += int(np.count_nonzero((wide < low) | (wide > high)))

    def alone(self, reference: Array, actual: Array) -> None:
        """One sample, where the layer was fed with the same numbers in float and in int8."""
        wide = reference.astype(np.float64)
        self._own_signal += _by_channel(np.square(wide), self.channels)
        self._own_noise += _by_channel(np.square(actual - wide), self.channels)
        self._int8_range.take(actual)
        rounded = self.real(self.quantized(reference))
        self._rounding += float(np.sum(np.square(rounded - wide)))

    def _count(self, codes: Array) -> None:
        places = codes.reshape(-1).astype(np.int64) - self._low
        self._codes += np.bincount(places, minlength=len(self._codes))
        self._seen += codes.size

    @property
    def measured(self) -> bool:
        """Whether `alone` was told anything."""
        return bool(self._own_signal.any() or self._own_noise.any())

    @property
    def sqnr_db(self) -> float:
        return decibel(self._signal, self._noise)

    @property
    def own_sqnr_db(self) -> float:
        return decibel(float(self._own_signal.sum()), float(self._own_noise.sum()))

    @property
    def rounding_sqnr_db(self) -> float:
        return decibel(float(self._own_signal.sum()), self._rounding)

    @property
    def channel_sqnr_db(self) -> float:
        """The median over channels that have a signal; infinite where none has one."""
        pairs = zip(self._own_signal, self._own_noise, strict=True)
        known = sorted(decibel(float(s), float(n)) for s, n in pairs if s)
        return known[len(known) // 2] if known else math.inf

    @property
    def saturated(self) -> float:
        if not self._seen:
            return 0.0
        if self.largest:
            return self._beyond / self._seen
        ends = {0, len(self._codes) - 1} - {self.tensor.q.zero_point - self._low}
        return float(sum(self._codes[i] for i in ends)) / self._seen

    @property
    def range_used(self) -> float:
        """Of the codes, from the first that more than a thousandth of the elements are at or below,
        to the last likewise."""
        summed = np.cumsum(self._codes) / max(1, self._seen)
        low = int(np.searchsorted(summed, _TAIL, side="right"))
        high = int(np.searchsorted(summed, 1 - _TAIL, side="left"))
        return (max(low, high) - low + 1) / len(self._codes)

    @property
    def still_channels(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Those that are dead, and those that only int8 loses."""
        if self._seen < _ENOUGH * self.channels:
            return (), ()
        still = self._int8_range.still
        if not self.largest:
            return _places(still), ()
        dead = self._real_range.still
        return _places(dead), _places(still & ~dead) if self.measured else ()

    @property
    def widest(self) -> Widest | None:
        """Needs a float model."""
        if not self.largest or self.channels < 2:
            return None
        spread = self._real_range.spread
        moving = spread[spread > 0]
        if not moving.size:
            return None
        times = float(spread.max() / np.median(moving))
        return Widest(int(spread.argmax()), times) if times >= _WIDE else None


class _Range:
    """The least and the greatest value of each channel, the last dimension."""

    def __init__(self, channels: int) -> None:
        self._low, self._high = np.full(channels, np.inf), np.full(channels, -np.inf)

    def take(self, values: Array) -> None:
        rows = values.reshape(-1, len(self._low)).astype(np.float64)
        self._low = np.minimum(self._low, rows.min(axis=0, initial=np.inf))
        self._high = np.maximum(self._high, rows.max(axis=0, initial=-np.inf))

    @property
    def still(self) -> Array:
        return np.asarray(self._low >= self._high)

    @property
    def spread(self) -> Array:
        return np.asarray(np.maximum(self._high - self._low, 0.0))


def _by_channel(values: Array, channels: int) -> Array:
    return np.asarray(values.reshape(-1, channels).sum(axis=0))


def _places(which: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.flatnonzero(which))


def can_be_measured(tensor: Tensor) -> bool:
    """Whether its values are codes of one scale."""
    return (
        not tensor.constant
        and tensor.dtype in (DType.INT8, DType.INT16)
        and tensor.quant is not None
        and tensor.quant.per_tensor
    )
