"""DEPTHWISE_CONV_2D of int16 activations: three pixels in a row times two channels at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import padded, shared, words
from tinygen.engines.aot.kernel_sets.dsp.int16_conv_2d import kept_16
from tinygen.engines.aot.kernel_sets.dsp.pixels import times
from tinygen.engines.aot.kernel_sets.int16 import (
    ALL,
    RELU,
    Channels16,
    channels_16,
    depthwise_params_16,
)
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.orders import rows_kept
from tinygen.ops.spatial import Extent

KERNEL = Kernel("dsp", "depthwise_conv_2d_int16")
_TAPS = {True: "5 columns for 3 windows of 3", False: "any row of taps"}
VARIANTS = tuple(
    (KERNEL.name, f"{taps}, {codes}") for taps in _TAPS.values() for codes in (ALL, RELU)
)
"""Every way in which there is code for it."""

_PIXELS = 3
"""In a row at a time."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, DepthwiseConv2D)
    image, weights = io.input(0).shape, io.input(1).shape
    channels = weights[3]
    if channels != image[3]:
        yield Declined("several filters of a channel")
        return
    found = channels_16(site, channels)
    if isinstance(found, Declined):
        yield found
        return
    height, width = op.extents(image, weights)
    data = _stream(found)
    scratch = 4 * height.filter + height.span * _pitch(width, channels)
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params=depthwise_params_16(
            image, (height, width), _pitch(width, channels), relu=found.relu
        ),
        constants={"weights": Constant(data)},
        scratch_bytes=scratch,
        overlaps=rows_kept(height, width, (2 * channels, 2 * channels), batches=image[0]).overlaps(
            io.output.nbytes
        ),
    )
    joined = width.filter == 3 and width.stride == width.dilation
    cost = _cost(image, (height, width), joined=joined)
    cost += Cost(0, 0, data.nbytes + shared(site, 1050), scratch)
    yield Candidate((site.node,), (call,), cost, why=f"{_TAPS[joined]}, {found.why}")


def _pitch(width: Extent, channels: int) -> int:
    """Bytes of a row that is kept, with the windows beyond the last that are computed beside it and
    the channel that is read behind the last one."""
    outputs = -(-width.output // _PIXELS) * _PIXELS
    columns = (outputs - 1) * width.stride + width.span
    return (2 * columns * channels + 2 + 3) // 4 * 4


def _stream(found: Channels16) -> Array:
    """For each two channels what the kernel reads, in its order."""
    taps = padded(found.weights.reshape(-1, len(found.start)), 1, 2)
    parts = (
        padded(found.start, 0, 2).reshape(-1, 2),
        words(taps).T,
        padded(found.multiplier, 0, 2).reshape(-1, 2),
    )
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)


def _cost(image: tuple[int, ...], extents: tuple[Extent, Extent], *, joined: bool) -> Cost:
    height, width = extents
    channels, rows = image[3], image[0] * height.output
    tap = (31, 45) if joined else (7 + 13 * width.filter, 14 + 19 * width.filter)
    pairs, odd = -(-channels // 2), channels % 2
    three = Cost(
        instructions=60 + 70 * odd + pairs * (height.filter * tap[0] + 33),
        cycles=95 + 100 * odd + pairs * (height.filter * tap[1] + 60),
        flash=0,
    )
    total = times(rows * -(-width.output // _PIXELS), three)
    total += kept_16(_pitch(width, channels), height, image[0])
    each = 40 + 8 * height.filter
    return total + Cost(80 + each * rows, 120 + 3 * each // 2 * rows, 80)
