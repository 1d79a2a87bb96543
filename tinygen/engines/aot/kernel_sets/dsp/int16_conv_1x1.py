"""CONV_2D of int16 activations by one tap: four pixels at a time, which may lie a stride apart."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import shared
from tinygen.engines.aot.kernel_sets.dsp.int16_pixels import CODE, four_pixels_16, stream_16
from tinygen.engines.aot.kernel_sets.dsp.pixels import times
from tinygen.engines.aot.kernel_sets.int16 import ALL, RELU, channels_16
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Constant, Kernel, KernelCall, Order, Overlap
from tinygen.ops.conv_2d import Conv2D

KERNEL = Kernel("dsp", "conv_1x1_int16")
VARIANTS = ((KERNEL.name, ALL), (KERNEL.name, RELU))
"""Every way in which there is code for it."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, weights = io.input(0).shape, io.input(1).shape
    height, width = op.extents(image, weights)
    if (weights[1:3], image[3]) != ((1, 1), weights[3]) or height.before or width.before:
        yield Declined("more than one tap, or groups")
        return
    count, depth = weights[0], weights[3]
    if depth % 2:
        yield Declined("an odd number of channels")
        return
    if image[0] > 1 and height.output * height.stride != height.input:
        yield Declined("images of a batch that do not follow each other as rows do")
        return
    found = channels_16(site, count)
    if isinstance(found, Declined):
        yield found
        return
    data = stream_16(found, found.weights.reshape(count, depth))
    rows, columns = image[0] * height.output, width.output
    column, row = width.stride * depth, height.stride * width.input * depth
    if row == columns * column:  # all of it is one row
        rows, columns = 1, rows * columns
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "rows": rows,
            "columns": columns,
            "depth": depth,
            "channels": count,
            "column": column,
            "row": row,
            "relu": int(found.relu),
        },
        constants={"weights": Constant(data)},
        scratch_bytes=8 * depth,
        overlaps=_overlaps((rows, columns), (2 * column, 2 * count), 2 * row, io.output.nbytes),
    )
    cost = times(rows * -(-columns // 4), _four(depth // 2, count))
    cost += Cost(60 + 15 * rows, 90 + 20 * rows, data.nbytes + 80 + shared(site, CODE))
    yield Candidate((site.node,), (call,), cost + Cost(0, 0, 0, 8 * depth), why=found.why)


def _overlaps(
    size: tuple[int, int], steps: tuple[int, int], row: int, nbytes: int
) -> tuple[Overlap, ...]:
    """Four pixels of a row are read before they are written. All but the size is in bytes."""
    rows, columns = size
    starts = np.arange(0, columns, 4)
    ends = np.minimum(starts + 4, columns)
    lines = np.arange(rows)[:, None]
    reads = lines * row + starts * steps[0]
    written = (lines * columns + ends) * steps[1]
    return Order(reads.reshape(-1), written.reshape(-1), reads_first=True).overlaps(nbytes)


def _four(pairs: int, count: int) -> Cost:
    return four_pixels_16(pairs, count) + Cost(7 * pairs + 50, 14 * pairs + 70, 0)
