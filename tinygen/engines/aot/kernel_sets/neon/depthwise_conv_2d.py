"""DEPTHWISE_CONV_2D: sixteen channels of a pixel at a time, on rows that lie in scratch; of an
image of one channel it is a convolution."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.neon.channels import (
    HALF,
    LANES,
    ROUNDINGS,
    WORDS,
    Channels,
    channels,
    cost,
)
from tinygen.engines.aot.kernel_sets.neon.conv_2d import FEW, convolution, few
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Constant, Kernel, KernelCall
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.orders import rows_kept
from tinygen.ops.spatial import Extent

KERNEL = Kernel("neon", "depthwise_conv_2d")
WHOLE, PART = "sixteen channels", "sixteen channels and a rest"
VARIANTS = tuple((KERNEL.name, f"{what}, {how}") for what in (WHOLE, PART) for how in ROUNDINGS)
"""Every way in which there is code for it."""
_ROWS = 16
"""Of a filter, at the most."""
_KEPT = 9
"""Taps whose weights stay in registers."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, DepthwiseConv2D)
    image, shape = io.input(0).shape, io.input(1).shape
    if io.input(1).data is None:
        yield Declined("its weights are not constant")
        return
    height, width = op.extents(image, shape)
    planes = io.constant(1)[0].reshape(-1, shape[3]).T
    if image[3] == 1 and few(planes):
        yield Declined(FEW)
        return
    if image[3] == 1:  # each output is one of a convolution
        found = channels(site, planes, beside=HALF)
        if isinstance(found, Declined):
            yield found
        else:
            yield convolution(site, found, image[0], 1, height, width)
        return
    if height.filter > _ROWS:
        yield Declined(f"windows of more than {_ROWS} rows")
        return
    found = channels(site, planes, beside=1)
    if isinstance(found, Declined):
        yield found
        return
    yield _candidate(site, found, height, width)


def _candidate(site: Site, found: Channels, height: Extent, width: Extent) -> Candidate:
    io = site.io
    image, count = io.input(0).shape, found.count
    batches, inputs = image[0], image[3]
    columns = (width.output - 1) * width.stride + width.span
    columns = max(columns, width.before + 1)
    order = rows_kept(height, width, (inputs, count), batches=batches, rows=1)
    pixel = -(-count // HALF) * HALF
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": batches,
            "input_height": height.input,
            "input_width": width.input,
            "channels": count,
            "depth_multiplier": count // inputs,
            "output_height": height.output,
            "output_width": width.output,
            "filter_height": height.filter,
            "filter_width": width.filter,
            "stride_height": height.stride,
            "stride_width": width.stride,
            "dilation_height": height.dilation,
            "dilation_width": width.dilation,
            "pad_top": height.before,
            "pad_left": width.before,
            "input_zero_point": io.input(0).q.zero_point,
            "columns": columns,
            **found.params(),
        },
        constants={"weights": _in_vectors(found)},
        scratch_bytes=height.span * columns * pixel,
        overlaps=order.overlaps(io.output.nbytes),
    )
    rest = count % LANES
    lines = count // LANES * _line(found, width.output, LANES)
    lines += _line(found, width.output, HALF if rest <= HALF else LANES) * (rest > 0)
    rows = min(height.input, height.output * height.stride) + height.before + height.after
    row = 60 + columns * _pixel(inputs, count)
    work = batches * (height.output * (lines + 30) + rows * row)
    flash = 500 + 40 * min(found.weights.shape[1], 32) * (1 + (0 < rest < count))
    flash += call.constants["weights"].data.nbytes
    why = f"{PART if rest else WHOLE}, {found.way}"
    price = cost(work, flash, call.scratch_bytes)
    return Candidate((site.node,), (call,), price, why=why)


def _pixel(inputs: int, count: int) -> float:
    """Instructions for a pixel of a row in scratch."""
    if inputs < count:
        return 4 + count / 4
    return count / 8 if count % HALF == 0 else 8 + count / 8


def _line(found: Channels, windows: int, lanes: int) -> float:
    """Instructions of a 64-bit core for so many channels of a line of windows."""
    taps: int = found.weights.shape[1]
    vectors = lanes // WORDS
    pairs = -(-taps // 2)
    sums = taps * (1 + lanes / HALF) + pairs * vectors + max(0, taps - _KEPT)
    window = sums + found.requantized(vectors) + 5
    return min(taps, _KEPT) + 3 * vectors + 25 + windows * window


def _in_vectors(found: Channels) -> Constant:
    """For sixteen channels at a time, and the last eight: a vector for each tap, and their
    scales."""
    count = found.count
    pixel = -(-count // HALF) * HALF
    weights = np.pad(found.weights, ((0, pixel - count), (0, 0))).astype(np.int8)
    scales = found.scales(pixel).reshape(pixel // WORDS, -1)
    parts = []
    for first in range(0, pixel, LANES):
        last = min(first + LANES, pixel)
        parts += [
            weights[first:last].T.reshape(-1),
            scales[first // WORDS : last // WORDS].reshape(-1),
        ]
    return Constant(np.concatenate([np.ascontiguousarray(part) for part in parts]), align=LANES)
