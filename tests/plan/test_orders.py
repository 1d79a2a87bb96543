"""Orders of reading and writing: the stated distance is safe, and a byte less is not.

Kernels of each order are played in numpy on one buffer, in which the output begins exactly so many
bytes before its input: each step reads, then leaves its mark on what it writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tinygen.ir import Array, Order, Overlap
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.orders import in_blocks, in_loops, in_rows, rows_kept
from tinygen.ops.spatial import Extent, Padding, extents


@dataclass(frozen=True)
class _Step:
    """Bytes of the input that are read, and of the output that are written after or meanwhile."""

    reads: Array
    writes: Array


def spoilt(steps: Sequence[_Step], size: int, distance: int, *, reads_first: bool) -> bool:
    """Whether a byte is read that had been written over. What a step writes meanwhile spoils what
    it reads itself: the worst of all orders within it."""
    buffer = np.zeros(size + abs(distance) + size, np.bool_)  # written
    source, target = (distance, 0) if distance >= 0 else (0, -distance)
    for step in steps:
        if not reads_first:
            buffer[target + step.writes] = True
        if buffer[source + step.reads].any():
            return True
        buffer[target + step.writes] = True
    return False


def require_tight(order: Order, steps: Sequence[_Step], *, exact: bool = True) -> None:
    size = 1 + max(int(max(s.reads.max(initial=0), s.writes.max(initial=0))) for s in steps)
    assert not spoilt(steps, size, order.distance, reads_first=order.reads_first)
    if exact and order.distance > 0:
        assert spoilt(steps, size, order.distance - 1, reads_first=order.reads_first)


@dataclass(frozen=True)
class _Image:
    height: Extent
    width: Extent
    source: int
    target: int
    batches: int

    def under(self, rows: range, columns: range, batch: int) -> Array:
        """The input bytes under the windows of these outputs."""
        ys, xs = (_inside(e, r) for e, r in ((self.height, rows), (self.width, columns)))
        return self._bytes(ys, xs, batch, self.height.input, self.width.input, self.source)

    def made(self, rows: range, columns: range, batch: int) -> Array:
        size = self.height.output, self.width.output, self.target
        return self._bytes(list(rows), list(columns), batch, *size)

    @staticmethod
    def _bytes(
        ys: list[int], xs: list[int], batch: int, height: int, width: int, depth: int
    ) -> Array:
        y, x, c = np.meshgrid(ys, xs, np.arange(depth), indexing="ij")
        found: Array = ((batch * height + y) * width + x) * depth + c
        return found.reshape(-1).astype(np.int64)


def _inside(extent: Extent, outputs: range) -> list[int]:
    """What windows span, holes of a dilation included: a kernel may read a run of them."""
    found = {
        at
        for i in outputs
        for at in range(
            i * extent.stride - extent.before, i * extent.stride - extent.before + extent.span
        )
        if 0 <= at < extent.input
    }
    return sorted(found)


@st.composite
def images(draw: st.DrawFn) -> _Image:
    size = st.integers(1, 7)
    shape = (1, draw(size), draw(size), 1)
    taps = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    strides = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    dilations = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    height, width = extents(Padding.SAME, shape, taps, strides, dilations)
    depth = st.integers(1, 4)
    return _Image(height, width, draw(depth), draw(depth), draw(st.integers(1, 2)))


def _spans(count: int, step: int) -> Iterator[range]:
    return (range(i, min(i + step, count)) for i in range(0, count, step))


@settings(max_examples=150, deadline=None)
@given(images(), st.integers(1, 3), st.integers(1, 8), st.booleans())
def test_blocks_of_windows(image: _Image, rows: int, columns: int, reads_first: bool) -> None:
    order = in_blocks(
        image.height,
        image.width,
        (image.source, image.target),
        batches=image.batches,
        block=(rows, columns),
        reads_first=reads_first,
    )
    steps = [
        _Step(image.under(y, x, batch), image.made(y, x, batch))
        for batch in range(image.batches)
        for y in _spans(image.height.output, rows)
        for x in _spans(image.width.output, columns)
    ]
    # Strides larger than the window leave bytes that nobody reads: there it is not the least.
    gaps = image.height.stride > image.height.span or image.width.stride > image.width.span
    require_tight(order, steps, exact=not gaps)


@settings(max_examples=150, deadline=None)
@given(images(), st.integers(1, 3))
def test_rows_that_are_kept(image: _Image, rows: int) -> None:
    pair = (image.source, image.target)
    order = rows_kept(image.height, image.width, pair, batches=image.batches, rows=rows)
    steps = []
    every = range(image.width.output)
    for batch in range(image.batches):
        taken = 0
        for y in _spans(image.height.output, rows):
            end = max(taken, max(_inside(image.height, y), default=-1) + 1)
            new = image._bytes(
                list(range(taken, end)),
                list(range(image.width.input)),
                batch,
                image.height.input,
                image.width.input,
                image.source,
            )
            steps.append(_Step(new, image.made(y, every, batch)))
            taken = end
    require_tight(order, steps)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.booleans())
def test_rows_of_their_own(rows: int, source: int, target: int, reads_first: bool) -> None:
    order = in_rows(rows, (source, target), reads_first=reads_first)
    steps = [
        _Step(i * source + np.arange(source), i * target + np.arange(target)) for i in range(rows)
    ]
    require_tight(order, steps)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 5), min_size=1, max_size=3), st.randoms(), st.integers(1, 3))
def test_loops(dims: list[int], random: object, block: int) -> None:
    """A transpose of blocks: any order of the input's dimensions."""
    shape = tuple(dims)
    order_of = list(range(len(shape)))
    random.shuffle(order_of)  # type: ignore[attr-defined]
    inner = row_major(tuple(shape[i] for i in order_of))
    reads = tuple(block * inner[order_of.index(i)] for i in range(len(shape)))
    writes = tuple(block * s for s in row_major(shape))
    order = in_loops(Loops(shape, (reads, writes)), block=block)
    steps = [
        _Step(int(np.dot(at, reads)) + np.arange(block), int(np.dot(at, writes)) + np.arange(block))
        for at in np.ndindex(shape)
    ]
    require_tight(order, steps)


def test_what_is_too_long_to_be_walked_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    loops = Loops((6, 50), ((100, 2), (50, 1)))  # every second byte
    fine = in_loops(loops).distance
    monkeypatch.setattr("tinygen.ops.orders._FEW", 10)
    coarse = in_loops(loops).distance
    assert fine < coarse == 50


def test_no_byte_in_common_is_no_overlap() -> None:
    assert in_rows(1, (8, 4)).overlaps(4) == ()
    assert in_rows(1, (8, 4), reads_first=True).overlaps(4) == (Overlap(0, 0, 4),)
    assert in_rows(5, (8, 8)).overlaps(40, input=1) == (Overlap(1, 0, 32),)
