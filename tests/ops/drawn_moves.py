"""Random cases of the operators that move codes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.ops.harness import Case, case, int8, int32, random_array, tensor
from tinygen.ir import Array, DType, Op, Shape, Tensor
from tinygen.ops.batch_space import BatchToSpaceND, SpaceToBatchND
from tinygen.ops.gather import Gather
from tinygen.ops.mirror_pad import MirrorPad
from tinygen.ops.pack import Pack, Unpack
from tinygen.ops.resize_nearest_neighbor import ResizeNearestNeighbor
from tinygen.ops.reverse_v2 import ReverseV2
from tinygen.ops.slice import Slice
from tinygen.ops.space import DepthToSpace, SpaceToDepth
from tinygen.ops.split import Split, SplitV
from tinygen.ops.tile import BroadcastTo, Tile

Rng = np.random.Generator
Draw = Callable[[Rng], Case]


def quant(rng: Rng) -> tuple[float, int]:
    """A scale and a zero point."""
    return float(np.exp(rng.uniform(-6, 1))), int(rng.integers(-128, 128))


def shape(rng: Rng, low: int = 1, high: int = 4, largest: int = 6) -> Shape:
    """Of a rank from `low` to `high`."""
    return tuple(int(d) for d in rng.integers(1, largest + 1, int(rng.integers(low, high + 1))))


def moved(
    op: Op,
    inputs: list[Tensor],
    rng: Rng,
    options: Mapping[str, Any] | None,
    *,
    outputs: int = 1,
    values: list[list[Array]] | None = None,
) -> Case:
    """A case whose outputs have the quantization of the first input that is no count."""
    (q, *_) = (t.quant for t in inputs if t.dtype is DType.INT8)
    assert q is not None
    target = int8((), q.scale, q.zero_point)
    return case(
        op,
        inputs,
        [target] * outputs,
        name=f"{op.kind} {[t.shape for t in inputs]} {dict(options or {})}",
        options=options,
        values=values,
        random_vectors=1,
        seed=int(rng.integers(1 << 30)),
    )


def split(rng: Rng) -> Case:
    dims = list(shape(rng))
    axis, count = int(rng.integers(len(dims))), int(rng.integers(1, 4))
    dims[axis] *= count
    named = axis - len(dims) * int(rng.integers(2))
    inputs = [int32(np.array(named)), int8(tuple(dims), *quant(rng))]
    return moved(Split(count), inputs, rng, {"numSplits": count}, outputs=count)


def split_v(rng: Rng) -> Case:
    dims = list(shape(rng))
    axis = int(rng.integers(len(dims)))
    sizes = rng.integers(1, 4, int(rng.integers(1, 5)))
    dims[axis] = int(sizes.sum())
    inputs = [int8(tuple(dims), *quant(rng)), int32(sizes), int32(np.array(axis))]
    return moved(SplitV(sizes.size), inputs, rng, {"numSplits": sizes.size}, outputs=sizes.size)


def pack(rng: Rng) -> Case:
    dims, count, q = shape(rng, 1, 3), int(rng.integers(1, 4)), quant(rng)
    axis = int(rng.integers(-len(dims) - 1, len(dims) + 1))
    options = {"axis": axis, "valuesCount": count}
    return moved(Pack(axis, count), [int8(dims, *q)] * count, rng, options)


def unpack(rng: Rng) -> Case:
    dims = shape(rng, 2, 4, 4)
    axis = int(rng.integers(-len(dims), len(dims)))
    options = {"axis": axis, "num": dims[axis]}
    op = Unpack(axis, dims[axis])
    return moved(op, [int8(dims, *quant(rng))], rng, options, outputs=dims[axis])


def slice_(rng: Rng) -> Case:
    dims = shape(rng, 1, 5)
    begins = np.array([rng.integers(0, d) for d in dims])
    sizes = np.array([rng.integers(1, d - b + 1) for d, b in zip(dims, begins, strict=True)])
    source = int8(dims, *quant(rng))
    if rng.integers(3):
        return moved(Slice(), [source, int32(begins), int32(sizes)], rng, {})
    values = [random_array(dims, DType.INT8, rng), begins.astype(np.int32)]
    live = tensor(begins.shape, DType.INT32)
    return moved(Slice(), [source, live, int32(sizes)], rng, {}, values=[values])


def depth_to_space(rng: Rng) -> Case:
    n, y, x, c = shape(rng, 4, 4, 4)
    block = int(rng.integers(1, 4))
    source = int8((n, y, x, c * block * block), *quant(rng))
    return moved(DepthToSpace(block), [source], rng, {"blockSize": block})


def space_to_depth(rng: Rng) -> Case:
    n, y, x, c = shape(rng, 4, 4, 4)
    block = int(rng.integers(1, 4))
    source = int8((n, y * block, x * block, c), *quant(rng))
    return moved(SpaceToDepth(block), [source], rng, {"blockSize": block})


def reverse(rng: Rng) -> Case:
    dims = shape(rng)
    first = int(rng.integers(len(dims)))
    axes = np.arange(first, int(rng.integers(first, len(dims))) + 1)  # TFLM's are in a row
    return moved(ReverseV2(), [int8(dims, *quant(rng)), int32(axes)], rng, {})


def tile(rng: Rng) -> Case:
    dims = shape(rng, 1, 4, 4)
    return moved(Tile(), [int8(dims, *quant(rng)), int32(rng.integers(1, 4, len(dims)))], rng, {})


def broadcast_to(rng: Rng) -> Case:
    wanted = shape(rng, 1, 5, 4)
    dims = tuple(1 if rng.integers(2) else d for d in wanted[int(rng.integers(len(wanted))) :])
    return moved(BroadcastTo(), [int8(dims, *quant(rng)), int32(np.array(wanted))], rng, {})


def _spread(rng: Rng) -> tuple[Shape, Shape]:
    """The size of blocks, and of the image apart from batch and channels, in blocks."""
    dims = int(rng.integers(1, 3))
    return tuple(int(b) for b in rng.integers(1, 4, dims)), shape(rng, dims, dims, 3)


def space_to_batch(rng: Rng) -> Case:
    block, parts = _spread(rng)
    whole = [b * p for b, p in zip(block, parts, strict=True)]
    border = np.array([rng.integers(0, w, 2) // 2 for w in whole])
    inner = tuple(int(w - b.sum()) for w, b in zip(whole, border, strict=True))
    source = int8((int(rng.integers(1, 3)), *inner, int(rng.integers(1, 4))), *quant(rng))
    return moved(SpaceToBatchND(), [source, int32(np.array(block)), int32(border)], rng, {})


def batch_to_space(rng: Rng) -> Case:
    block, parts = _spread(rng)
    whole = [b * p for b, p in zip(block, parts, strict=True)]
    crops = np.array([rng.integers(0, w, 2) // 2 for w in whole])
    batch = int(np.prod(block) * rng.integers(1, 3))
    source = int8((batch, *parts, int(rng.integers(1, 4))), *quant(rng))
    return moved(BatchToSpaceND(), [source, int32(np.array(block)), int32(crops)], rng, {})


def mirror_pad(rng: Rng) -> Case:
    dims, symmetric = shape(rng), bool(rng.integers(2))
    table = np.array([rng.integers(0, d + symmetric, 2) for d in dims])
    inputs = [int8(dims, *quant(rng)), int32(table)]
    return moved(MirrorPad(symmetric), inputs, rng, {"mode": int(symmetric)})


def resize_nearest(rng: Rng) -> Case:
    corners, centers = bool(rng.integers(2)), bool(rng.integers(2))
    inputs = [int8(shape(rng, 4, 4, 9), *quant(rng)), int32(rng.integers(1, 20, 2))]
    options = {"alignCorners": corners, "halfPixelCenters": centers}
    return moved(ResizeNearestNeighbor(corners, centers), inputs, rng, options)


def gather(rng: Rng) -> Case:
    dims = shape(rng, 1, 4)
    axis = int(rng.integers(len(dims)))
    batch = int(rng.integers(axis + 1))
    picks = (*dims[:batch], *shape(rng, 1, 2, 3))
    indices = int32(rng.integers(0, dims[axis], picks))
    options = {"axis": axis, "batchDims": batch}
    return moved(Gather(axis, batch), [int8(dims, *quant(rng)), indices], rng, options)


MOVES: Mapping[str, Draw] = {
    "SPLIT": split,
    "SPLIT_V": split_v,
    "PACK": pack,
    "UNPACK": unpack,
    "SLICE": slice_,
    "DEPTH_TO_SPACE": depth_to_space,
    "SPACE_TO_DEPTH": space_to_depth,
    "REVERSE_V2": reverse,
    "TILE": tile,
    "BROADCAST_TO": broadcast_to,
    "SPACE_TO_BATCH_ND": space_to_batch,
    "BATCH_TO_SPACE_ND": batch_to_space,
    "MIRROR_PAD": mirror_pad,
    "RESIZE_NEAREST_NEIGHBOR": resize_nearest,
    "GATHER": gather,
}
