"""CONV_2D of 3x3 taps by Winograd's F(4x4, 3x3), exactly: a quarter of the products for eight times
the weights' flash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import Channels
from tinygen.engines.aot.kernel_sets.dsp.conv_winograd import once_or_twice, stream, windows
from tinygen.engines.aot.kernel_sets.dsp.pixels import times
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Constant, Kernel, KernelCall
from tinygen.ops.orders import in_blocks
from tinygen.ops.spatial import Extent

KERNEL = Kernel("dsp", "conv_winograd_4x4")

ONCE, TWICE = "F(4x4, 3x3), rounded once", "F(4x4, 3x3), rounded twice"
VARIANTS = ((KERNEL.name, ONCE), (KERNEL.name, TWICE))
"""Every way in which there is code for it."""

_FILTER = np.array([[6, 0, 0], [4, 4, 4], [4, -4, 4], [1, 2, 4], [1, -2, 4], [0, 0, 12]])
"""Of the filter's transform, 24 times Winograd's but for signs and a 2, which are in that of the
outputs: products of two of its rows with weights of -128 fit into int16."""
_ONCE, _TWICE = 576, 64
"""How many times a sum is in a register, for one rounding and for two."""
_AROUND = 128
"""What is added to the codes of the input, so that none is negative."""
_MOST_DEPTH = 128
"""Channels: their steps stand in a row."""
_REACH = 4095
"""Bytes between outputs that an instruction reaches."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    there = windows(site)
    yield there if isinstance(there, Declined) else _candidate(site, *there)


def _candidate(site: Site, height: Extent, width: Extent) -> Candidate | Declined:
    io = site.io
    batches, (count, _, _, depth) = io.input(0).shape[0], io.input(1).shape
    tiles = (height.output // 4, width.output // 4)
    if height.output % 4 or width.output % 4 or batches * tiles[0] * tiles[1] % 4:
        return Declined("rows or columns are no fours, or tiles are not")
    if count % 2 or depth % 4 or depth > _MOST_DEPTH:
        return Declined("channels are no fours up to 128")
    if (3 * width.output + 3) * count > _REACH:
        return Declined("rows of more bytes than an instruction reaches")
    found = once_or_twice(site, _ONCE, _TWICE)
    if isinstance(found, Declined):
        return found
    data = stream(_moved(found), _FILTER, _FILTER, 2)
    scratch = 32 * 36 + 288 * depth + 12 * (width.output + 2) * depth
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": batches,
            "height": height.output,
            "width": width.output,
            "depth": depth,
            "channels": count,
            "zero_point": io.input(0).q.zero_point,
            "twice": int(found.twice),
        },
        constants={"weights": Constant(data)},
        scratch_bytes=scratch,
    )
    if tiles[1] % 4 == 0 or (4 % tiles[1] == 0 and tiles[0] % (4 // tiles[1]) == 0):
        # Four tiles, or some, fill rows of them.
        block = (4 * max(1, 4 // tiles[1]), width.output)
        order = in_blocks(
            height, width, (depth, count), batches=batches, block=block, reads_first=True
        )
        call = replace(call, overlaps=order.overlaps(io.output.nbytes))
    cost = _cost(batches * tiles[0], width.output, depth, count, twice=found.twice)
    cost += Cost(0, 0, data.nbytes, scratch)
    return Candidate((site.node,), (call,), cost, why=TWICE if found.twice else ONCE)


def _moved(found: Channels) -> Channels:
    """For codes of the input that are so many more."""
    products = found.weights.reshape(len(found.weights), -1).sum(axis=1)
    factor = _ONCE  # of the register before it is multiplied by the inverse of 9
    start = found.start * (_ONCE // _TWICE if found.twice else 1)
    return replace(found, start=start - factor * _AROUND * products)


def _cost(rows: int, width: int, depth: int, count: int, *, twice: bool) -> Cost:
    """Of so many rows of tiles."""
    tile = (306, 340) if twice else (246, 268)
    pair = Cost(
        36 * (11 * depth // 2 + 5) + 8 * tile[0] + 30,
        36 * (17 * depth // 2 + 20) + 8 * tile[1] + 50,
        0,
    )
    inputs = times(depth // 2, Cost(340, 395, 0)) + Cost(60, 90, 0)
    four = times(count // 2, pair) + times(4, inputs) + Cost(60, 90, 0)
    pixels = Cost(6 * (width + 2) * depth * 6 // 4 + 150, 6 * (width + 2) * depth * 9 // 4 + 250, 0)
    total = times(rows * (width // 4), four)
    total = Cost(total.instructions // 4, total.cycles // 4, 0) + times(rows, pixels)
    return total + Cost(60, 90, 3600 + 44 * depth // 2 + 500 * twice)
