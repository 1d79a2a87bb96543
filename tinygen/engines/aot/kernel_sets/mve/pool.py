"""AVERAGE_POOL_2D and MAX_POOL_2D, eight or sixteen channels at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tinygen.engines.aot.kernel_sets.mve.channels import LANES
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall, Operands
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.pool import Pool2D
from tinygen.ops.spatial import Extent

AVERAGE, MAXIMUM = (Kernel("mve", name) for name in ("average_pool_2d", "max_pool_2d"))
SUMS, GREATEST = "sixteen or eight channels at a time", "sixteen channels at a time"
VARIANTS = ((AVERAGE.name, SUMS), (MAXIMUM.name, GREATEST))
"""Every way in which there is code for it."""
_MOST = 256
"""Values of a window whose sum is an int16."""


def maxima(site: Site) -> Iterable[Candidate | Declined]:
    """For MAX_POOL_2D."""
    op, io = site.node.op, site.io
    assert isinstance(op, MaxPool2D)
    op.check(io)
    whole, rest = divmod(io.output.shape[3], LANES)
    # Of a short window the pixels stand one behind the other.
    long = 2 * (op.filter_width > 4)
    work = _walk(op, io).and_(
        _groups(op, io, Work(), Work(2.5, 1.5 + long)).times(whole),
        _groups(op, io, Work(3), Work(3, 2)).times(rest > 0),
    )
    yield Candidate((site.node,), op.call(io, MAXIMUM), work.cost(300), why=GREATEST)


def _walk(op: Pool2D, io: Operands) -> Work:
    """From window to window, of a bordered image."""
    pixels = io.output.elements // io.output.shape[3]
    return Work(0, 15).times(pixels * _bordered(op, io))


def _groups(op: Pool2D, io: Operands, row: Work, tap: Work) -> Work:
    """A group of channels of every output pixel: a row of its window that lies in the image, and a
    pixel of that."""
    height, width = op.extents(io.input(0).shape)
    rows, columns = _covered(height), _covered(width)
    if op.filter_width == width.input and width.output == 1 and isinstance(op, AveragePool2D):
        rows, columns = 1, rows * columns
    border = Work(0, 4.5 * _bordered(op, io))
    pixels = io.output.elements // io.output.shape[3]
    return row.and_(border, tap.times(columns)).times(rows * pixels)


def _bordered(op: Pool2D, io: Operands) -> bool:
    height, width = op.extents(io.input(0).shape)
    return any((height.before, height.after, width.before, width.after))


def _covered(extent: Extent) -> float:
    """How many taps of a window lie inside of the image, on average."""
    starts = (i * extent.stride - extent.before for i in range(extent.output))
    inside = sum(min(extent.filter, extent.input - s) + min(0, s) for s in starts)
    return inside / extent.output


def averages(site: Site) -> Iterable[Candidate | Declined]:
    """For AVERAGE_POOL_2D."""
    op, io = site.node.op, site.io
    assert isinstance(op, AveragePool2D)
    op.check(io)
    height, width = op.extents(io.input(0).shape)
    rows, columns = ({last - first for first, last in e.taps_inside()} for e in (height, width))
    counts = sorted({y * x for y in rows for x in columns})
    doubled = counts[0] == 1 and counts[-1] < _MOST
    found = divisors(counts, doubled) if counts[-1] <= _MOST else None
    if found is None:
        yield Declined(f"means of {counts[-1]} values")
        return
    (call,) = op.call(io, AVERAGE)
    assert isinstance(call, KernelCall)
    call = replace(
        call,
        params={**call.params, "doubled": int(doubled), "fewest": counts[0]},
        constants={"divisors": Constant(found)},
    )
    whole, rest = divmod(io.output.shape[3], LANES)
    narrow = -(-rest // 8)
    low, high = op.bounds(io)
    clamps = 2 * (low > INT8_MIN) + 2 * (high < INT8_MAX)
    pixels = io.output.elements // io.output.shape[3]
    work = _walk(op, io).and_(
        Work(0, 40 + 10 * pixels * _bordered(op, io)),
        _groups(op, io, Work(9, 5), Work(4, 2.1)).times(whole),
        _groups(op, io, Work(8, 5), Work(3, 1.3)).times(narrow),
        Work(clamps).times(pixels * (2 * whole + narrow)),
    )
    cost = work.cost(360 + found.nbytes)
    yield Candidate((site.node,), (call,), cost, why=SUMS)


def divisors(counts: Sequence[int], doubled: bool) -> Array | None:
    """int32: for each of these, from the least on, a factor and, in bits 16 to 19, a shift."""
    table = np.zeros(counts[-1] - counts[0] + 1, np.int32)
    for count in counts:
        found = division(count, doubled)
        if found is None:
            return None
        table[count - counts[0]] = found[0] | found[1] << 16
    return table


def division(count: int, doubled: bool = False) -> tuple[int, int] | None:
    """The factor and the shift with which the upper half of a product of 16 bits is divided by
    `count`, exactly for every sum of so many codes and half of it; of what is doubled before."""
    sizes = np.arange(128 * count + count // 2 + 1, dtype=np.int64)
    for shift in range(16):
        factor = -(-(1 << 16 + shift - doubled) // count)
        if factor >= 1 << 16:
            break
        if (((sizes << doubled) * factor >> 16 + shift) == sizes // count).all():
            return factor, shift
    return None
