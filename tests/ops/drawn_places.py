"""Random cases of the operators that read or write at places that are data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tests.ops.drawn_moves import Draw, Rng, moved, quant, shape
from tests.ops.harness import Case, case, int8, int32, random_array, tensor
from tinygen.ir import DType
from tinygen.ops.dynamic_update_slice import DynamicUpdateSlice
from tinygen.ops.embedding_lookup import EmbeddingLookup
from tinygen.ops.gather import GatherNd


def gather_nd(rng: Rng) -> Case:
    dims = shape(rng, 1, 4)
    depth = int(rng.integers(1, len(dims) + 1))
    picks = shape(rng, 1, 2, 3)
    indices = int32(rng.integers(0, dims[:depth], (*picks, depth)))
    source = int8(dims, *quant(rng))
    if rng.integers(2):
        return moved(GatherNd(), [source, indices], rng, {})
    assert indices.data is not None
    values = [[random_array(dims, DType.INT8, rng), indices.data]]
    live = tensor(indices.shape, DType.INT32)
    return moved(GatherNd(), [source, live], rng, {}, values=values)


def dynamic_update_slice(rng: Rng) -> Case:
    dims = shape(rng, 1, 5)
    part = tuple(int(rng.integers(1, d + 1)) for d in dims)
    starts = rng.integers(-2, 7, len(dims)).astype(np.int32)
    q = quant(rng)
    values = [random_array(s, DType.INT8, rng) for s in (dims, part)]
    known = bool(rng.integers(2))
    inputs = [int8(dims, *q), int8(part, *q)]
    inputs += [int32(starts) if known else tensor(starts.shape, DType.INT32)]
    given = [values if known else [*values, starts]]
    return moved(DynamicUpdateSlice(), inputs, rng, {}, values=given)


def embedding_lookup(rng: Rng) -> Case:
    dims = shape(rng, 2, 3)
    indices = rng.integers(0, dims[0], int(rng.integers(1, 9))).astype(np.int32)
    table = int8(data=random_array(dims, DType.INT8, rng), scale=quant(rng)[0])
    inputs = [tensor(indices.shape, DType.INT32), table]
    if rng.integers(2):
        real = tensor((), DType.FLOAT32)
        return case(EmbeddingLookup(), inputs, [real], values=[[indices]])
    return moved(EmbeddingLookup(), inputs, rng, None, values=[[indices]])


PLACES: Mapping[str, Draw] = {
    "GATHER_ND": gather_nd,
    "DYNAMIC_UPDATE_SLICE": dynamic_update_slice,
    "EMBEDDING_LOOKUP": embedding_lookup,
}
