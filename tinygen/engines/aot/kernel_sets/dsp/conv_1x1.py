"""CONV_2D by one tap: four pixels at a time, which may lie a stride apart."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import padded, shared
from tinygen.engines.aot.kernel_sets.dsp.pixels import (
    ONCE,
    TWICE,
    four_pixels,
    one_pixel,
    pixel_channels,
    stream,
    times,
)
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Constant, Kernel, KernelCall, Order, Overlap
from tinygen.ops.conv_2d import Conv2D

KERNEL = Kernel("dsp", "conv_1x1")
VARIANTS = ((KERNEL.name, ONCE), (KERNEL.name, TWICE))
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
    found = pixel_channels(site)
    if isinstance(found, Declined):
        yield found
        return
    count, depth = weights[0], weights[3]
    data = stream(found, padded(found.weights.reshape(count, depth), 1, 4))
    if isinstance(data, Declined):
        yield data
        return
    rows, columns = image[0] * height.output, width.output
    column, row = width.stride * depth, height.stride * width.input * depth
    if image[0] > 1 and height.output * height.stride != height.input:
        yield Declined("images of a batch that do not follow each other as rows do")
        return
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
            "twice": int(found.twice),
        },
        constants={"weights": Constant(data)},
        scratch_bytes=32 * -(-depth // 4),
        overlaps=_overlaps(rows, columns, (column, count), row, io.output.nbytes),
    )
    cost = _cost(rows, columns, depth, count, twice=found.twice)
    cost += Cost(0, 0, data.nbytes + shared(site, 1700 + 400 * (columns % 4 > 0)))
    yield Candidate((site.node,), (call,), cost, why=TWICE if found.twice else ONCE)


def _overlaps(
    rows: int, columns: int, steps: tuple[int, int], row: int, nbytes: int
) -> tuple[Overlap, ...]:
    """Four pixels are read before they are written, then those that are left of the row."""
    fours = columns - columns % 4
    starts = np.concatenate([np.arange(0, fours, 4), np.arange(fours, columns)])
    ends = np.append(starts[1:], columns)
    lines = np.arange(rows)[:, None]
    reads = lines * row + starts * steps[0]
    written = (lines * columns + ends) * steps[1]
    return Order(reads.reshape(-1), written.reshape(-1), reads_first=True).overlaps(nbytes)


def _cost(rows: int, columns: int, depth: int, count: int, *, twice: bool) -> Cost:
    quads, part = -(-depth // 4), depth % 4 != 0
    whole = depth // 4
    four = Cost(24 * whole + 75 * part + 40, 34 * whole + 100 * part + 60, 0)
    one = Cost(7 * whole + 12 * part + 35, 11 * whole + 16 * part + 50, 0)
    fours, ones = rows * (columns // 4), rows * (columns % 4)
    total = times(fours, four + four_pixels(quads, count, twice=twice))
    total += times(ones, one + one_pixel(quads, count, twice=twice))
    total += Cost(30 + 12 * rows, 45 + 18 * rows, 80)
    return total + Cost(0, 0, 0, 32 * quads)
