"""Random cases of what joins, pads, cuts and turns tensors of any type, up to as many dimensions as
TFLM has."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from tests.ops.drawn_moves import Draw, Rng, quant, shape
from tests.ops.harness import Case, case, int8, int32, random_array, tensor
from tinygen.ir import Array, DType, Shape, Tensor
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.expand_dims import ExpandDims
from tinygen.ops.pad import Pad, PadV2
from tinygen.ops.reshape import Reshape
from tinygen.ops.squeeze import Squeeze
from tinygen.ops.strided_slice import StridedSlice
from tinygen.ops.transpose import Transpose

MOST = 5
"""Dimensions that TFLM pads and turns."""


class Kind:
    """Tensors of one type and quantization."""

    def __init__(self, rng: Rng, *types: DType) -> None:
        self.rng, self.dtype = rng, types[int(rng.integers(len(types)))]
        self.quant = quant(rng)

    def tensor(self, dims: Shape = (), data: Array | None = None) -> Tensor:
        if self.dtype is DType.INT8:
            return int8(dims, *self.quant, data=data)
        return tensor(dims, self.dtype, data=data)

    def values(self, dims: Shape) -> Array:
        return random_array(dims, self.dtype, self.rng)


def concatenation(rng: Rng) -> Case:
    kind = Kind(rng, DType.INT8, DType.INT32, DType.FLOAT32, DType.BOOL)
    dims = list(shape(rng, 1, 6, 4))
    axis = int(rng.integers(-len(dims), len(dims)))
    inputs, values = [], []
    for i in range(int(rng.integers(1, 5))):
        dims[axis] = int(rng.integers(1, 5))
        data = kind.values(tuple(dims))
        known = i > 0 and rng.integers(4) == 0
        inputs.append(kind.tensor(tuple(dims), data if known else None))
        values += [] if known else [data]
    op = Concatenation(axis)
    return case(op, inputs, [kind.tensor()], values=[values], options={"axis": axis})


def pad(kind_of: type[Pad], rng: Rng) -> Case:
    kind = Kind(rng, DType.INT8, DType.INT8, DType.INT32, DType.FLOAT32)
    dims = shape(rng, 1, MOST, 4)
    inputs = [kind.tensor(dims), int32(rng.integers(0, 3, (len(dims), 2)))]
    values = [kind.values(dims)]
    if kind_of is PadV2:
        number, known = kind.values((1,)), bool(rng.integers(2))
        inputs.append(kind.tensor((1,), number if known else None))
        values += [] if known else [number]
    return case(kind_of(), inputs, [kind.tensor()], values=[values], options={})


def strided_slice(rng: Rng) -> Case:
    kind = Kind(rng, DType.INT8, DType.INT32, DType.FLOAT32)
    dims = shape(rng, 1, 4)
    begin, end = (int(rng.integers(1 << len(dims))) for _ in range(2))
    shrink = int(rng.integers(1 << len(dims))) & int(rng.integers(1 << len(dims)))
    strides = np.array(
        [1 if shrink >> i & 1 else rng.choice([1, 2, -1, -2]) for i in range(len(dims))]
    )
    begins, ends = [], []
    for d, stride in zip(dims, strides, strict=True):
        low = int(rng.integers(0, d))
        high = int(rng.integers(low, d))
        begins.append(low if stride > 0 else high)
        ends.append(high + 1 if stride > 0 else low - d - 1)
    begin, end = begin & ~shrink, end & ~shrink
    inputs = [kind.tensor(dims), *(int32(np.array(v)) for v in (begins, ends, strides))]
    options = {"beginMask": begin, "endMask": end, "shrinkAxisMask": shrink}
    return case(
        StridedSlice(begin, end, shrink),
        inputs,
        [kind.tensor()],
        values=[[kind.values(dims)]],
        options=options,
    )


def transpose(rng: Rng) -> Case:
    kind = Kind(rng, DType.INT8, DType.FLOAT32)
    dims = shape(rng, 1, MOST, 5)
    inputs = [kind.tensor(dims), int32(rng.permutation(len(dims)))]
    return case(Transpose(), inputs, [kind.tensor()], values=[[kind.values(dims)]], options={})


def reshape(rng: Rng) -> Case:
    kind = Kind(rng, DType.INT8, DType.INT32, DType.FLOAT32, DType.BOOL)
    dims = shape(rng, 1, 6, 4)
    wanted = list(rng.permutation(dims)) + [1] * int(rng.integers(0, 7 - len(dims)))
    wanted = [int(d) for d in wanted]
    if rng.integers(2):
        wanted[int(rng.integers(len(wanted)))] = -1
    inputs = [kind.tensor(dims), int32(np.array(wanted))]
    values = [[kind.values(dims)]]
    op = Reshape(tuple(wanted))
    return case(op, inputs, [kind.tensor()], values=values, options={"newShape": wanted})


def expand_dims(rng: Rng) -> Case:
    kind = Kind(rng, DType.INT8, DType.FLOAT32)
    dims = shape(rng, 0, 5, 4)
    axis = np.array(rng.integers(-len(dims) - 1, len(dims) + 1))
    inputs = [kind.tensor(dims), int32(axis)]
    return case(ExpandDims(), inputs, [kind.tensor()], values=[[kind.values(dims)]], options={})


def squeeze(rng: Rng) -> Case:
    kind = Kind(rng, DType.INT8, DType.INT32, DType.FLOAT32)
    dims = (*(1 if rng.integers(2) else int(d) for d in shape(rng, 1, 5, 4)), 2)
    ones = [i for i, d in enumerate(dims) if d == 1]
    gone = [i for i in ones if rng.integers(2)]
    op = Squeeze(tuple(gone))
    values = [[kind.values(dims)]]
    options = {"squeezeDims": gone}
    return case(op, [kind.tensor(dims)], [kind.tensor()], values=values, options=options)


SHAPES: Mapping[str, Draw] = {
    "CONCATENATION": concatenation,
    "PAD": partial(pad, Pad),
    "PADV2": partial(pad, PadV2),
    "STRIDED_SLICE": strided_slice,
    "TRANSPOSE": transpose,
    "RESHAPE": reshape,
    "EXPAND_DIMS": expand_dims,
    "SQUEEZE": squeeze,
}
