"""AVERAGE_POOL_2D, MAX_POOL_2D and MEAN over images: four channels of a pixel are one word."""

from __future__ import annotations

from collections.abc import Iterable

from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Kernel, KernelCall, Operands
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.mean import Mean
from tinygen.ops.pool import Pool2D
from tinygen.ops.spatial import Extent

AVERAGE, MAXIMUM, MEAN = (
    Kernel("dsp", name) for name in ("average_pool_2d", "max_pool_2d", "mean")
)
FOUR = "four channels at a time"
VARIANTS = ((AVERAGE.name, FOUR), (MAXIMUM.name, FOUR), (MEAN.name, FOUR))
"""Every way in which there is code for it."""

_MOST_PIXELS = 256
"""Sums of codes that int16 holds."""


def pools(site: Site) -> Iterable[Candidate | Declined]:
    """For AVERAGE_POOL_2D and MAX_POOL_2D."""
    op, io = site.node.op, site.io
    assert isinstance(op, Pool2D)
    op.check(io)
    greatest = isinstance(op, MaxPool2D)
    taps = op.filter_height * op.filter_width
    if taps > _MOST_PIXELS and not greatest:
        yield Declined("sums of a window have more than 16 bits")
        return
    calls = op.call(io, MAXIMUM if greatest else AVERAGE)
    prices = _MAXIMUM if greatest else _AVERAGE
    work = _work(op, io)
    cost = _cost(prices, work, 400)
    yield Candidate((site.node,), calls, cost, why=FOUR)


def _work(op: Pool2D, io: Operands) -> tuple[int, ...]:
    """Calls, output pixels with a border and without, fours of channels of one; of their windows
    rows, twos of pixels in a row, odd ones, and pixels of which there are less than four channels.
    """
    height, width = op.extents(io.input(0).shape)
    channels = io.output.shape[3]
    pixels = io.output.elements // channels
    fours, few = pixels * -(-channels // 4), pixels * (channels % 4 > 0)
    runs, length = height.filter, width.filter
    if length == width.input and width.output == 1:
        runs, length = 1, height.filter * length
    covered = _covered(height) * _covered(width)
    twos, odd = divmod(length, 2)
    bordered = any((height.before, height.after, width.before, width.after))
    parts = (fours * runs, fours * runs * twos, fours * runs * odd, few * runs * length)
    return (
        1,
        pixels * bordered,
        pixels * (not bordered),
        fours,
        *(round(part * covered) for part in parts),
    )


def _covered(extent: Extent) -> float:
    """How much of the windows lies inside of the image."""
    inside = sum(
        min(extent.filter, extent.input - start) + min(0, start)
        for start in (i * extent.stride - extent.before for i in range(extent.output))
    )
    return inside / (extent.filter * extent.output)


def means(site: Site) -> Iterable[Candidate | Declined]:
    """For MEAN over the height and the width of images."""
    op, io = site.node.op, site.io
    assert isinstance(op, Mean)
    over = op.images(io)
    (found,) = op.lower(io)
    assert isinstance(found, KernelCall)
    if over is None:
        yield Declined("it is not over the pixels of images")
        return
    same = ("input_zero_point", "multiplier", "shift", "output_zero_point")
    call = KernelCall(
        kernel=MEAN,
        inputs=found.inputs,
        outputs=found.outputs,
        params={
            **over.params(),
            **{name: found.params[name] for name in same},
        },
        overlaps=(),
    )
    groups = over.count * -(-over.channels // 4)
    chunks = -(-over.pixels // _MOST_PIXELS)
    work = (1, groups, groups * chunks, groups * over.pixels)
    yield Candidate((site.node,), (call,), _cost(_MEAN, work, 350), why=FOUR)


_Prices = tuple[tuple[float, float], ...]

_AVERAGE: _Prices = (
    (14, 0),
    (37, 109),
    (0, 0),
    (66, 74),
    (5.3, 3.7),
    (10.9, 15.1),
    (5.5, 7.5),
    (0, 0),
)
_MAXIMUM: _Prices = (
    (140, 187),
    (66, 83),
    (0, 0),
    (0, 0),
    (0.2, 0),
    (9.1, 12.5),
    (3.2, 4.6),
    (1.6, 1.7),
)
"""Instructions and cycles for each of what `_work` counts, fitted to 16 layers counted on the
emulated core (November 2026, GCC 12.2, -O2). None of them is further off than 25 %: a division by a
constant takes what it takes."""
_MEAN: _Prices = ((5, 24), (0, 0), (97, 107), (4.7, 6.7))
"""For a call, four channels of an image, 256 of their pixels and a pixel."""


def _cost(prices: _Prices, work: tuple[int, ...], code: int) -> Cost:
    instructions, cycles = (
        round(sum(price[unit] * count for price, count in zip(prices, work, strict=True)))
        for unit in range(2)
    )
    return Cost(instructions, cycles, flash=code)
