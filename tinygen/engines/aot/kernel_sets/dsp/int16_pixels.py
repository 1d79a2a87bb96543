"""Four pixels times two channels at a time, of int16 activations: the stream and the cost of
`tg_dsp_pixels_int16.h`."""

from __future__ import annotations

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import padded
from tinygen.engines.aot.kernel_sets.dsp.int16 import in_pairs
from tinygen.engines.aot.kernel_sets.int16 import Channels16
from tinygen.engines.aot.offers import Cost
from tinygen.ir import Array
from tinygen.ops.fixed_point import Int64

CODE = 1250
"""Bytes of the functions that all layers share."""
_ROW = 16
"""Pairs of inputs that stand in a row."""


def stream_16(found: Channels16, weights: Int64) -> Array:
    """All that is read of flash, for weights [channels, an even number] in the order of the
    activations."""
    words = in_pairs(weights)
    parts = (
        padded(found.start, 0, 2).reshape(len(words), 2),
        words,
        padded(found.multiplier, 0, 2).reshape(len(words), 2),
    )
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)


def four_pixels_16(pairs: int, count: int) -> Cost:
    """`count` channels of four pixels with so many pairs of inputs, once side by side."""
    blocks, passes = -(-count // 2), max(1, -(-(pairs - 1) // _ROW))
    odd = 75 * (count % 2)
    return Cost(
        instructions=75 + odd + blocks * (13 * pairs + 3 * passes + 35),
        cycles=110 + odd + blocks * (18 * pairs + 6 * passes + 60),
        flash=0,
    )
