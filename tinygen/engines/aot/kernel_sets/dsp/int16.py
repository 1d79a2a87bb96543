"""int16 activations: weights as `tg_dsp_int16.h` has them."""

from __future__ import annotations

from tinygen.engines.aot.kernel_sets.dsp.channels import int32, padded
from tinygen.ops.fixed_point import Int64


def in_pairs(weights: Int64) -> Int64:
    """Weights [channels, inputs] as int32 words [pairs of channels, pairs of inputs], with zeros
    where one has no other: bytes (c0 w0, c1 w0, c0 w1, c1 w1), the first one lowest."""
    weights = padded(padded(weights, 0, 2), 1, 2) & 0xFF
    two = weights[0::2] | weights[1::2] << 8
    return int32(two[:, 0::2] | two[:, 1::2] << 16)
