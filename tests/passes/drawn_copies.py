"""Nodes at the end of a random graph, of the operators that move codes: see `drawn_operators`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from tests.passes.graph_builder import Builder
from tinygen.ir import Quant, Tensor
from tinygen.ops.batch_space import BatchToSpaceND, SpaceToBatchND
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.gather import Gather, GatherNd
from tinygen.ops.mirror_pad import MirrorPad
from tinygen.ops.pack import Pack, Unpack
from tinygen.ops.resize_nearest_neighbor import ResizeNearestNeighbor
from tinygen.ops.reverse_v2 import ReverseV2
from tinygen.ops.slice import Slice
from tinygen.ops.space import DepthToSpace, SpaceToDepth
from tinygen.ops.spatial import Padding
from tinygen.ops.split import Split, SplitV
from tinygen.ops.tile import BroadcastTo, Tile


def _ranked(b: Builder) -> Tensor | None:
    return b.source(lambda t: 0 < len(t.shape) < 5)


def _axis(b: Builder, source: Tensor) -> int:
    return b.draw(st.integers(0, len(source.shape) - 1))


def split(b: Builder) -> Tensor | None:
    source = _ranked(b)
    if source is None:
        return None
    axis = _axis(b, source)
    size = source.shape[axis]
    first = b.draw(st.integers(1, size))
    if first * 2 == size:
        parts = b.parts(Split(2), [b.constant(axis), source], source.quant, 2)
    else:
        sizes = [first] if first == size else [first, -1]
        inputs = [source, b.constant(sizes), b.constant(axis)]
        parts = b.parts(SplitV(len(sizes)), inputs, source.quant, len(sizes))
    return b.draw(st.sampled_from(parts))


def unpack(b: Builder) -> Tensor | None:
    source = _ranked(b)
    if source is None:
        return None
    axis = _axis(b, source)
    count = source.shape[axis]
    return b.draw(st.sampled_from(b.parts(Unpack(axis, count), [source], source.quant, count)))


def pack(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) < 4)
    if source is None:
        return None
    alike = [t for t in b.live if (t.shape, t.quant) == (source.shape, source.quant)]
    parts = b.draw(st.lists(st.sampled_from(alike), min_size=1, max_size=3))
    axis = b.draw(st.integers(-len(source.shape) - 1, len(source.shape)))
    return b.node(Pack(axis, len(parts)), parts, source.quant)


def slice_(b: Builder) -> Tensor | None:
    source = _ranked(b)
    if source is None:
        return None
    begins = [int(b.rng.integers(0, d)) for d in source.shape]
    sizes = [int(b.rng.integers(1, d - i + 1)) for d, i in zip(source.shape, begins, strict=True)]
    return b.node(Slice(), [source, b.constant(begins), b.constant(sizes)], source.quant)


def reverse(b: Builder) -> Tensor | None:
    source = _ranked(b)
    return source and b.node(ReverseV2(), [source, b.constant([_axis(b, source)])], source.quant)


def repeat(b: Builder) -> Tensor | None:
    source = _ranked(b)
    if source is None:
        return None
    times = b.rng.integers(1, 3, len(source.shape))
    if b.draw(st.booleans()):
        return b.node(Tile(), [source, b.constant(times)], source.quant)
    shape = [2, *source.shape] if len(source.shape) < 4 else list(source.shape)
    wider = [int(n) if d == 1 else d for d, n in zip(shape, b.rng.integers(1, 4, 9), strict=False)]
    return b.node(BroadcastTo(), [source, b.constant(wider)], source.quant)


def blocks(b: Builder) -> Tensor | None:
    """DEPTH_TO_SPACE, SPACE_TO_DEPTH or SPACE_TO_BATCH_ND and back."""
    image = b.image()
    if image is None:
        return None
    _, height, width, channels = image.shape
    block = b.draw(st.sampled_from([1, 2]))
    if channels % block**2 == 0 and b.draw(st.booleans()):
        return b.node(DepthToSpace(block), [image], image.quant)
    if height % block == width % block == 0 and b.draw(st.booleans()):
        return b.node(SpaceToDepth(block), [image], image.quant)
    sizes, border = b.constant([block, block]), [[0, -size % block] for size in (height, width)]
    borders = b.constant(border)
    spread = b.node(SpaceToBatchND(), [image, sizes, borders], image.quant)
    return b.node(BatchToSpaceND(), [spread, sizes, borders], image.quant)


def dilated(b: Builder) -> Tensor | None:
    """SPACE_TO_BATCH_ND, a convolution and BATCH_TO_SPACE_ND, of files with an open batch."""
    image = b.image()
    if image is None:
        return None
    _, height, width, channels = image.shape
    taps = [b.draw(st.integers(1, 2)) for _ in range(2)]
    before = [b.draw(st.integers(0, 2)) for _ in range(2)]
    rows = [
        [front, 2 * tap - (front + size) % 2]
        for front, size, tap in zip(before, (height, width), taps, strict=True)
    ]
    block, border = b.constant([2, 2]), b.constant(rows)
    cut = b.constant([[b.draw(st.integers(0, 1)), 0] for _ in range(2)])
    spread = b.node(SpaceToBatchND(), [image, block, border], image.quant)
    shape = (3, *taps, channels)
    weights = b.add(shape, Quant((0.01,), (0,)), b.rng.integers(-128, 128, shape))
    op = Conv2D(Padding.VALID, 1, 1, activation=b.activation())
    made = b.node(op, [spread, weights, None], b.quant())
    return b.node(BatchToSpaceND(), [made, block, cut], made.quant)


def mirror_pad(b: Builder) -> Tensor | None:
    source = _ranked(b)
    if source is None:
        return None
    symmetric = b.draw(st.booleans())
    table = [b.rng.integers(0, min(2, d - 1 + symmetric) + 1, 2) for d in source.shape]
    return b.node(MirrorPad(symmetric), [source, b.constant(np.array(table))], source.quant)


def resize(b: Builder) -> Tensor | None:
    image = b.image()
    if image is None:
        return None
    size = b.constant(b.rng.integers(1, 9, 2))
    op = ResizeNearestNeighbor(b.draw(st.booleans()), b.draw(st.booleans()))
    return b.node(op, [image, size], image.quant)


def gather(b: Builder) -> Tensor | None:
    source = _ranked(b)
    if source is None:
        return None
    axis = _axis(b, source)
    if b.draw(st.booleans()):
        picks = b.constant(b.rng.integers(0, source.shape[: axis + 1], (3, axis + 1)))
        return b.node(GatherNd(), [source, picks], source.quant)
    picks = b.constant(b.rng.integers(0, source.shape[axis], 3))
    return b.node(Gather(axis), [source, picks], source.quant)


COPIES: tuple[Callable[[Builder], Tensor | None], ...] = (
    split,
    unpack,
    pack,
    slice_,
    reverse,
    repeat,
    blocks,
    dilated,
    mirror_pad,
    resize,
    gather,
)
