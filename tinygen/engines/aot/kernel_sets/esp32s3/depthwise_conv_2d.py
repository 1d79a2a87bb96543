"""DEPTHWISE_CONV_2D: sixteen channels of a pixel at a time, on rows that lie in scratch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.esp32s3.channels import (
    BEFORE,
    LANES,
    ROUNDINGS,
    Channels,
    channels,
    cost,
)
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.orders import rows_kept
from tinygen.ops.spatial import Extent

KERNEL = Kernel("esp32s3", "depthwise_conv_2d")
WHOLE, PART = "whole vectors", "a part of the last vector"
VARIANTS = tuple((KERNEL.name, f"{what}, {how}") for what in (WHOLE, PART) for how in ROUNDINGS)
"""Every way in which there is code for it."""
_LEFT = 12
"""Where a lane of 20 bits lies in a word."""
_LANE = 1 << 19
"""A lane's magnitude is below it."""
_ROWS = 16
"""Of a filter, at the most."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, DepthwiseConv2D)
    image, shape = io.input(0).shape, io.input(1).shape
    if io.input(1).data is None:
        yield Declined("its weights are not constant")
        return
    if image[3] != shape[3]:
        yield Declined("channels that share an input")
        return
    height, width = op.extents(image, shape)
    if (height.dilation, width.dilation) != (1, 1) or height.filter > _ROWS:
        yield Declined("windows whose inputs are not neighbours, or of many rows")
        return
    weights = io.constant(1)[0]
    count = weights.shape[2]
    taps = weights.reshape(-1, count).T.astype(np.int64)
    if 128 * int(np.abs(taps).sum(axis=1).max()) >= _LANE:
        yield Declined("sums that a lane of 20 bits may not hold")
        return
    found = channels(site, taps, left=_LEFT)
    if isinstance(found, Declined):
        yield found
        return
    yield _candidate(site, found, height, width)


def _candidate(site: Site, found: Channels, height: Extent, width: Extent) -> Candidate:
    io = site.io
    batches, count = io.input(0).shape[0], found.count
    columns = max((width.output - 1) * width.stride + width.filter, width.before + 1)
    pixel = -(-count // LANES) * LANES
    params = found.params()
    del params["left"]
    order = rows_kept(height, width, (count, count), batches=batches, rows=1)
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": batches,
            "input_height": height.input,
            "input_width": width.input,
            "channels": count,
            "output_height": height.output,
            "output_width": width.output,
            "filter_height": height.filter,
            "filter_width": width.filter,
            "stride_height": height.stride,
            "stride_width": width.stride,
            "pad_top": height.before,
            "pad_left": width.before,
            "input_zero_point": io.input(0).q.zero_point,
            "columns": columns,
            **params,
        },
        constants={
            "weights": Constant(_in_vectors(found.weights), align=LANES),
            "constants": found.constants(),
        },
        scratch_bytes=height.filter * columns * pixel + BEFORE,
        overlaps=order.overlaps(io.output.nbytes),
    )
    lanes = count * (2.75 + found.requantized() + found.scale.twice) + 10 * -(-count // 8)
    sums = height.filter * (5 * (width.filter // 2) + 3 * (width.filter % 2)) + 1
    vectors = count // LANES * (sums + 34) + (count % LANES > 0) * (sums + 9)
    rows = min(height.input, height.output * height.stride) * (30 + columns * pixel / 8)
    work = batches * (height.output * width.output * (lanes + vectors + 8) + rows)
    flash = 500 + 16 * (3 * found.requantized() + 12)
    flash += sum(one.data.nbytes for one in call.constants.values())
    why = f"{PART if count % LANES else WHOLE}, {found.way}"
    return Candidate((site.node,), (call,), cost(work, flash, call.scratch_bytes), why=why)


def _in_vectors(weights: Array) -> Array:
    """[channels, taps] for sixteen channels at a time: a vector for each tap."""
    count, taps = weights.shape
    padded = np.pad(weights, ((0, -count % LANES), (0, 0))).astype(np.int8)
    return np.ascontiguousarray(padded.reshape(-1, LANES, taps).transpose(0, 2, 1)).reshape(-1)
