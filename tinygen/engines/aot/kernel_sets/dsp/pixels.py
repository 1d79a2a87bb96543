"""Four pixels times two channels at a time: the stream and the cost of `tg_dsp_pixels.h`."""

from __future__ import annotations

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import (
    HALVES,
    Channels,
    as_halves,
    channels,
    int32,
    padded,
)
from tinygen.engines.aot.offers import Cost, Declined, Site
from tinygen.engines.aot.requantize import Form
from tinygen.ir import Array
from tinygen.ops.fixed_point import Int64

ONCE, TWICE = "rounded once", "rounded twice"

SHIFT = 12
"""Of every channel that is rounded once: it stands in the instructions, so that all layers share
them. Real layers have solutions from 10 on, and room up to 12 or more."""

_ROW = 8
"""Quads that stand in a row, of four pixels; of one they are half as many."""


def pixel_channels(site: Site) -> Channels | Declined:
    """The channels of a convolution as these kernels take them: rounded once with `SHIFT`, or
    twice."""
    found = channels(site, HALVES, forms=(Form.FLOOR,), shifts=(SHIFT,))
    if isinstance(found, Declined) or found.fast.common_shift != SHIFT or found.fast.clamp:
        found = channels(site, HALVES, forms=(Form.TWICE,))
    if isinstance(found, Channels) and found.fast.clamp is not None:
        return Declined("an activation that int8 does not hold by itself")
    return found


def stream(found: Channels, weights: Int64) -> Array | Declined:
    """All that is read of flash, for weights [channels, a multiple of 4] in the order of the
    expanded activations."""
    count = len(weights) + len(weights) % 2
    weights = padded(weights, 0, 2)
    halves = as_halves(weights)
    if isinstance(halves, Declined):
        return halves
    fast = found.fast
    start = padded(found.start, 0, 2) - 127 * weights[:, 0::2].sum(axis=1)
    ends = [fast.multiplier, fast.addend] + [fast.shift] * found.twice
    parts = (
        start.reshape(count // 2, -1),
        halves.reshape(count // 2, 2, -1).transpose(0, 2, 1).reshape(count // 2, -1),
        padded(np.stack(ends, axis=1), 0, 2).reshape(count // 2, -1),
    )
    return int32(np.concatenate(parts, axis=1)).astype(np.int32).reshape(-1)


def four_pixels(quads: int, count: int, *, twice: bool) -> Cost:
    """`count` channels of four pixels with so many quads, once expanded."""
    pairs, passes = -(-count // 2), -(-(quads - 1) // _ROW)
    passes = max(passes, 1)
    ends = (58, 70) if twice else (33, 48)
    odd = 45 * (count % 2 if count > 1 else 0)
    return Cost(
        instructions=22 + odd + pairs * (23 * quads + 3 * passes + ends[0]),
        cycles=42 + odd + pairs * (33 * quads + 6 * passes + ends[1]),
        flash=0,
    )


def one_pixel(quads: int, count: int, *, twice: bool) -> Cost:
    """The same of a single one."""
    pairs, passes = -(-count // 2), -(-quads // (_ROW // 2))
    ends = (18, 26) if twice else (12, 20)
    odd = 25 * (count % 2 if count > 1 else 0)
    return Cost(
        instructions=42 + odd + pairs * (8 * quads + 2 * passes + ends[0]),
        cycles=70 + odd + pairs * (12 * quads + 4 * passes + ends[1]),
        flash=0,
    )


def times(count: int, cost: Cost) -> Cost:
    """So many of them."""
    return Cost(count * cost.instructions, count * cost.cycles, count * cost.flash, cost.scratch)
