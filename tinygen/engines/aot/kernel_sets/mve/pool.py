"""AVERAGE_POOL_2D and MAX_POOL_2D, eight or sixteen channels at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Kernel, KernelCall
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.max_pool_2d import MaxPool2D

AVERAGE, MAXIMUM = (Kernel("mve", name) for name in ("average_pool_2d", "max_pool_2d"))
_MOST = 256
"""Values of a window whose sum is an int16."""


def maxima(site: Site) -> Iterable[Candidate | Declined]:
    """For MAX_POOL_2D."""
    op, io = site.node.op, site.io
    assert isinstance(op, MaxPool2D)
    op.check(io)
    channels = io.output.shape[3]
    pixels, groups = io.output.elements // channels, -(-channels // 16)
    tap = Work(3, 1).times(op.filter_width).and_(Work(0, 2)).times(op.filter_height)
    work = tap.and_(Work(4, 6)).times(groups).and_(Work(0, 20)).times(pixels)
    yield Candidate((site.node,), op.call(io, MAXIMUM), work.cost(300), why="16 channels")


def averages(site: Site) -> Iterable[Candidate | Declined]:
    """For AVERAGE_POOL_2D."""
    op, io = site.node.op, site.io
    assert isinstance(op, AveragePool2D)
    op.check(io)
    height, width = op.extents(io.input(0).shape)
    if any((height.before, height.after, width.before, width.after)):
        yield Declined("windows that reach beyond the image")
        return
    count = height.filter * width.filter
    found = division(count) if count <= _MOST else None
    if found is None:
        yield Declined(f"means of {count} values")
        return
    (call,) = op.call(io, AVERAGE)
    assert isinstance(call, KernelCall)
    params = {key: value for key, value in call.params.items() if not key.startswith("pad_")}
    params["factor"], params["shift"] = found
    channels = io.output.shape[3]
    pixels, groups = io.output.elements // channels, -(-channels // 8)
    tap = Work(3, 3).times(op.filter_width).and_(Work(0, 1)).times(op.filter_height)
    work = tap.and_(Work(14, 4)).times(groups).and_(Work(0, 8)).times(pixels)
    yield Candidate((site.node,), (replace(call, params=params),), work.cost(260), why="8 channels")


def division(count: int) -> tuple[int, int] | None:
    """The factor and the shift with which the upper half of a product of 16 bits is divided by
    `count`, exactly for every sum of so many codes and half of it."""
    sizes = np.arange(128 * count + count // 2 + 1, dtype=np.int64)
    for shift in range(16):
        factor = -(-(1 << 16 + shift) // count)
        if factor >= 1 << 16:
            break
        if ((sizes * factor >> 16 + shift) == sizes // count).all():
            return factor, shift
    return None
