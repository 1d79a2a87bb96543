"""Intervals: what is known of a tensor's values before any of them is computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from tinygen.ir.tensors import Array, DType

_LEAST, _GREATEST = DType.INT64.low, DType.INT64.high


@dataclass(frozen=True, eq=False)
class Interval:
    """Whole numbers from `low` to `high`, both included: int64, of shape () for a whole tensor
    or of shape (channels,), one for each position of its last dimension."""

    low: Array
    high: Array

    @classmethod
    def of(cls, low: int | Array, high: int | Array) -> Self:
        """The interval between these ends, which are given one shape."""
        ends = np.broadcast_arrays(np.asarray(low, np.int64), np.asarray(high, np.int64))
        return cls(*ends)

    @classmethod
    def of_type(cls, dtype: DType) -> Self:
        """All values of a type; of a float one, of which nothing is known, all there are."""
        return cls.of(dtype.low, dtype.high) if dtype.integer else cls.of(_LEAST, _GREATEST)

    @classmethod
    def of_values(cls, values: Array) -> Self:
        """The least interval of these integers, per channel; they are not empty."""
        rows = values.reshape(-1, values.shape[-1]) if values.ndim else values.reshape(1)
        return cls.of(rows.min(axis=0), rows.max(axis=0))

    @property
    def magnitude(self) -> Array:
        """The greatest absolute value, of intervals inside of int64."""
        greatest: Array = np.maximum(np.abs(self.low), np.abs(self.high))
        return greatest

    def holds(self, values: Array) -> bool:
        """Whether all of these values, whose last dimension is the channel, lie inside."""
        return bool(((self.low <= values) & (values <= self.high)).all())

    def whole(self) -> Interval:
        """One interval for all channels."""
        return Interval.of(self.low.min(), self.high.max())

    def union(self, other: Interval) -> Interval:
        """The least interval around both."""
        return Interval.of(np.minimum(self.low, other.low), np.maximum(self.high, other.high))

    def clipped(self, low: int, high: int) -> Interval:
        """What clamping to these bounds leaves."""
        return Interval.of(np.clip(self.low, low, high), np.clip(self.high, low, high))

    def channels(self, count: int) -> Interval:
        """The same, spelt out for `count` channels."""
        return Interval.of(*(np.broadcast_to(end, (count,)) for end in (self.low, self.high)))

    def regrouped(self, count: int) -> Interval:
        """For the same elements in the same order, with a last dimension of `count`."""
        size = self.low.size
        if self.low.ndim == 0 or size == count:
            return self
        if count % size == 0:
            return Interval.of(*(np.tile(end, count // size) for end in (self.low, self.high)))
        if size % count == 0:
            low, high = (end.reshape(-1, count) for end in (self.low, self.high))
            return Interval.of(low.min(axis=0), high.max(axis=0))
        return self.whole()

    def joined(self, others: Sequence[Interval]) -> Interval:
        """These channels, and those of the others behind them."""
        every = (self, *others)
        return Interval.of(
            np.concatenate([i.low for i in every]), np.concatenate([i.high for i in every])
        )

    def through(self, function: Callable[[Array], Array]) -> Interval:
        """What a function of int8 codes makes of them, whatever its shape."""
        first = DType.INT8.low
        table = function(np.arange(first, DType.INT8.high + 1, dtype=np.int64)).astype(np.int64)
        pairs = zip(self.low.reshape(-1), self.high.reshape(-1), strict=True)
        parts = [table[low - first : high - first + 1] for low, high in pairs]
        shape = self.low.shape
        return Interval.of(
            np.array([part.min() for part in parts]).reshape(shape),
            np.array([part.max() for part in parts]).reshape(shape),
        )
