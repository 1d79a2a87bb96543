"""The orders in which kernels go through images: for `KernelCall.overlaps`, one call each."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, Order
from tinygen.ops.loops import Loops
from tinygen.ops.spatial import Extent, Pair

_FEW = 1 << 20
_NEVER = 1 << 40
"""Behind every byte: for a step that reads nothing."""


def in_blocks(
    height: Extent,
    width: Extent,
    channels: Pair,
    *,
    batches: int = 1,
    block: Pair = (1, 1),
    reads_first: bool = False,
) -> Order:
    """Windows over int8 NHWC images, row by row: a step computes all output channels of a block of
    (rows, columns), the last one of a row or column being smaller, and reads of the input what
    lies under their taps. A row at a time is a block of (1, `width.output`).

    `channels` are the pixel's bytes in the input and in the output. For `reads_first` see `Order`:
    a kernel that expands its block's inputs before it writes.
    """
    rows, columns = np.meshgrid(
        np.arange(0, height.output, block[0]), np.arange(0, width.output, block[1]), indexing="ij"
    )
    tops = np.maximum(rows * height.stride - height.before, 0)
    lefts = np.maximum(columns * width.stride - width.before, 0)
    reads = (tops * width.input + lefts) * channels[0]
    bottoms = np.minimum(rows + block[0], height.output)
    rights = np.minimum(columns + block[1], width.output)
    written = ((bottoms - 1) * width.output + rights) * channels[1]
    return _in_images(reads, written, (height, width), channels, batches, reads_first)


def in_runs(height: Extent, width: Extent, channels: Pair, pixels: int) -> Order:
    """The same by a kernel that takes the inputs of so many pixels in a run, rows or no rows, into
    scratch before it writes the first of them. One image."""
    steps = np.arange(0, height.output * width.output, pixels)
    places = steps[:, None] + np.arange(pixels)
    places = np.minimum(places, height.output * width.output - 1)
    tops = np.maximum(places // width.output * height.stride - height.before, 0)
    lefts = np.maximum(places % width.output * width.stride - width.before, 0)
    reads = (tops * width.input + lefts).min(axis=1) * channels[0]
    return Order(reads, (places[:, -1] + 1) * channels[1], reads_first=True)


def rows_kept(
    height: Extent, width: Extent, channels: Pair, *, batches: int = 1, rows: int = 1
) -> Order:
    """The same by a kernel that takes each input row once, into scratch, before it writes the
    first output row that needs it; `rows` output rows at a time."""
    first = np.arange(0, height.output, rows)
    last = np.minimum(first + rows, height.output)  # exclusive
    taken = np.clip((last - 1) * height.stride - height.before + height.span, 0, height.input)
    before = np.concatenate([np.zeros(1, np.int64), taken[:-1]])
    reads = np.where(taken > before, before * width.input * channels[0], _NEVER)
    written = last * width.output * channels[1]
    return _in_images(reads, written, (height, width), channels, batches, reads_first=True)


def in_rows(rows: int, bytes_: Pair, *, reads_first: bool = False) -> Order:
    """Rows of (input bytes, output bytes), each computed of its own input row alone."""
    steps = np.arange(rows)
    return Order(steps * bytes_[0], (steps + 1) * bytes_[1], reads_first)


def in_loops(
    loops: Loops, offsets: Pair = (0, 0), block: int = 1, *, reads_first: bool = False
) -> Order:
    """Nested loops that move `block` bytes at a time, or make one byte of one: the arrays of
    `loops` are input and output, steps and offsets in bytes."""
    dims, (reads, writes) = loops.dims, loops.strides
    low, high = offsets[0], offsets[1] + block
    while dims and np.prod(dims, dtype=np.float64) > _FEW:  # the innermost loop is one step then
        low += min(0, (dims[-1] - 1) * reads[-1])
        high += max(0, (dims[-1] - 1) * writes[-1])
        dims, reads, writes = dims[:-1], reads[:-1], writes[:-1]
        reads_first = False
    return Order(_walk(dims, reads) + low, _walk(dims, writes) + high, reads_first)


def _walk(dims: tuple[int, ...], steps: tuple[int, ...]) -> Array:
    """The positions of nested loops, in order."""
    found = np.zeros(1, np.int64)
    for dim, step in zip(dims, steps, strict=True):
        found = (found[:, None] + np.arange(dim) * step).reshape(-1)
    return found


def _in_images(
    reads: Array,
    written: Array,
    windows: tuple[Extent, Extent],
    channels: Pair,
    batches: int,
    reads_first: bool,
) -> Order:
    """One image's positions, for each image of a batch."""
    height, width = windows
    images = np.arange(batches, dtype=np.int64)[:, None]
    sources = images * (height.input * width.input * channels[0])
    targets = images * (height.output * width.output * channels[1])
    ends = (sources + reads.reshape(1, -1), targets + written.reshape(1, -1))
    return Order(ends[0].reshape(-1), ends[1].reshape(-1), reads_first)
