"""CONV_2D of 3x3 taps by Winograd's F(2x2, 3x3), exactly: half of the products, for flash."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import Channels, channels, int32, words
from tinygen.engines.aot.kernel_sets.dsp.pixels import times
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.engines.aot.requantize import Form
from tinygen.ir import Array, Constant, Kernel, KernelCall
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.orders import in_blocks
from tinygen.ops.spatial import Extent

KERNEL = Kernel("dsp", "conv_winograd")

ONCE, TWICE = "F(2x2, 3x3), rounded once", "F(2x2, 3x3), rounded twice"
VARIANTS = ((KERNEL.name, ONCE), (KERNEL.name, TWICE))
"""Every way in which there is code for it."""

_FILTER = np.array([[2, 0, 0], [1, 1, 1], [1, -1, 1], [0, 0, 2]])
"""Of the filter's transform, twice Winograd's, so that all is whole."""
_FINER = 16
"""More of it, which int16 holds: 9 * 128 * 16 at most. It leaves room for the tweak of a sum."""
_FACTOR = 4 * _FINER
SHIFT = 10
"""Of every channel that is rounded once."""
_MOST_DEPTH = 128
"""Channels: their steps stand in a row."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    there = windows(site)
    if isinstance(there, Declined):
        yield there
        return
    io, (height, width) = site.io, there
    image, (count, _, _, depth) = io.input(0).shape, io.input(1).shape
    if height.output % 2 or width.output % 4 or count % 4 or depth % 4 or depth > _MOST_DEPTH:
        yield Declined("rows are no pairs, columns no fours, or channels no fours up to 128")
        return
    if (width.output + 1) * count + 1 > 4095:
        yield Declined("rows of more bytes than an instruction reaches")
        return
    found = once_or_twice(site, _FACTOR, _FACTOR)
    if isinstance(found, Declined):
        yield found
        return
    data = stream(found, _FINER * _FILTER, _FILTER, 4)
    order = in_blocks(
        height, width, (depth, count), batches=image[0], block=(2, 4), reads_first=True
    )
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": image[0],
            "height": height.output,
            "width": width.output,
            "depth": depth,
            "channels": count,
            "zero_point": io.input(0).q.zero_point,
            "twice": int(found.twice),
        },
        constants={"weights": Constant(data)},
        scratch_bytes=512 + 64 * depth + 48 * depth,
        overlaps=order.overlaps(io.output.nbytes),
    )
    cost = _cost(image[0] * height.output // 2, width.output, depth, count, twice=found.twice)
    cost += Cost(0, 0, data.nbytes, call.scratch_bytes)
    yield Candidate((site.node,), (call,), cost, why=TWICE if found.twice else ONCE)


def windows(site: Site) -> tuple[Extent, Extent] | Declined:
    """Of 3x3 taps at stride 1, with a border of 1 all around."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, weights = io.input(0).shape, io.input(1).shape
    height, width = op.extents(image, weights)
    same = all(
        (e.filter, e.stride, e.dilation, e.before, e.after, e.input) == (3, 1, 1, 1, 1, e.output)
        for e in (height, width)
    )
    if not same or weights[3] != image[3]:
        return Declined("no 3x3 taps at stride 1 within a border of 1, or groups")
    return height, width


def once_or_twice(site: Site, once: int, twice: int) -> Channels | Declined:
    """The channels, rounded once from so many times a sum, or twice from so many."""
    found = channels(site, once, forms=(Form.FLOOR,), shifts=(SHIFT,))
    if isinstance(found, Declined) or found.fast.common_shift != SHIFT or found.fast.clamp:
        found = channels(site, twice, forms=(Form.TWICE,))
    if isinstance(found, Channels) and found.fast.clamp is not None:
        return Declined("an activation that int8 does not hold by itself")
    return found


def stream(found: Channels, down: Array, along: Array, some: int) -> Array:
    """For so many channels at a time what the kernel reads, in its order: weights, of which `down`
    transforms the columns and `along` the rows, and the channels' numbers."""
    count, _, _, depth = found.weights.shape
    transformed = np.einsum("ia,nabc,jb->nijc", down, found.weights, along)
    # Two channels in a word as SXTB16 takes them out of four.
    order = np.arange(depth).reshape(-1, 2, 2).transpose(0, 2, 1).reshape(-1)
    pairs = words(transformed.reshape(count, -1, depth)[..., order])
    pairs = pairs.reshape(count // some, some, -1).transpose(0, 2, 1).reshape(count // some, -1)
    fast = found.fast
    ends = np.stack([found.start, fast.multiplier, fast.addend, fast.shift], axis=1)
    both = np.concatenate([pairs, ends.reshape(count // some, -1)], axis=1)
    return int32(both).astype(np.int32).reshape(-1)


def _cost(rows: int, width: int, depth: int, count: int, *, twice: bool) -> Cost:
    """Of so many rows of tiles."""
    outputs = (80, 88) if twice else (66, 76)
    channels = Cost(
        16 * (11 * depth // 2 + 5) + 8 * outputs[0] + 56,
        16 * (17 * depth // 2 + 20) + 8 * outputs[1] + 90,
        0,
    )
    two = times(count // 4, channels) + Cost(44 * depth + 90, 62 * depth + 130, 0)
    columns = Cost(8 * depth + 20, 12 * depth + 30, 0)
    total = times(rows, times(width // 4, two) + times(width + 2, columns))
    return total + Cost(60, 90, 1500 + 44 * depth // 2 + 200 * twice)
