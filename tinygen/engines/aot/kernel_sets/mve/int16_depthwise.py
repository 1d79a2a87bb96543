"""DEPTHWISE_CONV_2D of int16 activations: four pixels in a row times four channels at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.int16 import (
    ALL,
    RELU,
    Channels16,
    channels_16,
    depthwise_params_16,
)
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.orders import rows_kept
from tinygen.ops.spatial import Extent

KERNEL = Kernel("mve", "depthwise_conv_2d_int16")
VARIANTS = tuple((KERNEL.name, codes) for codes in (ALL, RELU))
"""Every way in which there is code for it."""

_PIXELS = _CHANNELS = 4
"""At a time."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, DepthwiseConv2D)
    image, weights = io.input(0).shape, io.input(1).shape
    channels = image[3]
    if weights[3] != channels:
        yield Declined("several filters of a channel")
        return
    found = channels_16(site, channels)
    if isinstance(found, Declined):
        yield found
        return
    height, width = op.extents(image, weights)
    data = _stream(found)
    order = rows_kept(height, width, (2 * channels, 2 * channels), batches=image[0])
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params=depthwise_params_16(
            image, (height, width), _pitch(width, channels), relu=found.relu
        ),
        constants={"weights": Constant(data, align=4)},
        scratch_bytes=height.span * _pitch(width, channels),
        overlaps=order.overlaps(io.output.nbytes),
    )
    work = _work(image, (height, width), relu=found.relu)
    yield Candidate(
        (site.node,), (call,), work.cost(700 + data.nbytes, call.scratch_bytes), why=found.why
    )


def _pitch(width: Extent, channels: int) -> int:
    """Bytes of a row that is kept, with the windows beyond the last that are computed beside it and
    the channels that are read behind the last one."""
    outputs = -(-width.output // _PIXELS) * _PIXELS
    columns = (outputs - 1) * width.stride + width.span
    return (2 * columns * channels + 6 + 3) // 4 * 4


def _stream(found: Channels16) -> Array:
    """For each four channels what the kernel reads, in its order, as int8."""
    missing = -len(found.start) % _CHANNELS
    ends = np.pad(np.stack([found.start, found.multiplier]), ((0, 0), (0, missing)))
    words = ends.reshape(2, -1, _CHANNELS).transpose(1, 0, 2).astype(np.int32)
    taps = np.pad(found.weights.reshape(-1, len(found.start)), ((0, 0), (0, missing)))
    weights = taps.reshape(len(taps), -1, _CHANNELS).transpose(1, 0, 2).astype(np.int8)
    blocks = len(words)
    parts = (
        np.ascontiguousarray(words).reshape(blocks, -1).view(np.int8),
        np.ascontiguousarray(weights).reshape(blocks, -1),
    )
    return np.concatenate(parts, axis=1).reshape(-1)


def _work(image: tuple[int, ...], extents: tuple[Extent, Extent], *, relu: bool) -> Work:
    height, width = extents
    lines = image[0] * height.output
    row = Work(13, 2).times(width.filter).and_(Work(0, 12))
    four = row.times(height.filter).and_(Work(16 + 4 * relu, 30))
    blocks = -(-width.output // _PIXELS) * -(-image[3] // _CHANNELS)
    kept = image[0] * ((height.output - 1) * height.stride + height.span)
    rows = Work(0, 70 + _pitch(width, image[3]) * 7 / 16).times(kept)
    return four.times(lines * blocks).and_(Work(0, 25 * lines + 60), rows)
