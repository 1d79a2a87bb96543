"""Sigmoid and hyperbolic tangent of 16 bits, as TensorFlow Lite's recurrent kernels compute them:
one table of the sigmoid over [0, 10.7), between whose entries values are interpolated."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array
from tinygen.ops.fixed_point import Int64

_ENTRIES = 256
_ONE_MORE = (
    *(4, 8, 12, 14, 15, 16, 17, 19, 20, 21, 22, 25, 27, 28, 29, 30, 31, 33, 34, 35, 37, 39),
    *(40, 41, 43, 44, 45, 46, 49, 50, 54, 62, 63, 64, 66, 82, 86, 93, 100, 103, 112, 116, 135),
    255,
)
"""Entries of upstream's table that are one above the nearest number."""


def _table() -> Array:
    exact = (1 << 16) / (1 + np.exp(-np.arange(_ENTRIES) / 24))
    table = np.minimum(np.floor(exact + 0.5), (1 << 16) - 1)
    table[[i for i in _ONE_MORE if table[i] < (1 << 16) - 1]] += 1
    return table.astype(np.uint16)


SIGMOIDS = _table()
"""sigmoid(i / 24) times 2^16."""


def sigmoid(values: Int64) -> Int64:
    """Of numbers with 12 fractional bits: 15 fractional bits."""
    scaled = 3 * values
    size = np.abs(scaled)
    place, rest = size >> 9, size & 0x1FF
    inner = np.minimum(place, _ENTRIES - 2)
    low, high = (SIGMOIDS[inner + i].astype(np.int64) for i in (0, 1))
    result = np.where(place >= _ENTRIES - 1, 0x7FFF << 10, (low << 9) + rest * (high - low))
    return np.where(scaled >= 0, result + 512, (1 << 25) - result + 511) >> 10


def tanh(values: Int64, factor: int, shift: int) -> Int64:
    """Of numbers that a factor and a shift bring to three times 12 fractional bits: 15 of them."""
    half = 1 << (shift - 1) if shift > 0 else 0
    scaled = (factor * values + half) >> shift
    size = np.abs(scaled)
    place, rest = size >> 8, size & 0xFF
    inner = np.minimum(place, _ENTRIES - 2)
    low, high = (SIGMOIDS[inner + i].astype(np.int64) for i in (0, 1))
    result = np.where(place >= _ENTRIES - 1, 0xFFFF << 8, (low << 8) + rest * (high - low))
    return np.where(scaled >= 0, result - (1 << 23) + 128, -result + (1 << 23) + 127) >> 8
