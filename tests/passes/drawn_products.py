"""Nodes at the end of a random graph, of TRANSPOSE_CONV and BATCH_MATMUL: see `drawn_operators`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from tests.passes.graph_builder import Builder
from tinygen.ir import DType, Quant, Tensor
from tinygen.ops.batch_matmul import BatchMatmul
from tinygen.ops.spatial import Padding
from tinygen.ops.transpose_conv import TransposeConv


def transpose_conv(b: Builder) -> Tensor | None:
    image = b.image()
    if image is None:
        return None
    taps, strides, channels = b.rng.integers(1, 4, 2), b.rng.integers(1, 3, 2), 3
    scales = tuple(float(np.float32(s)) for s in b.rng.uniform(0.002, 0.02, channels))
    data = b.rng.integers(-128, 127, (channels, *taps, image.shape[3]), np.int8, endpoint=True)
    weights = b.add(data.shape, Quant(scales, (0,) * channels), data)
    size = [int(d * s) for d, s in zip(image.shape[1:3], strides, strict=True)]
    shape = b.constant([image.shape[0], *size, channels])
    padding = b.draw(st.sampled_from(list(Padding)))
    op = TransposeConv(padding, int(strides[0]), int(strides[1]), b.activation())
    bias = b.constant(b.rng.integers(-1000, 1000, channels)) if b.draw(st.booleans()) else None
    inputs = [shape, weights, image] if bias is None else [shape, weights, image, bias]
    return b.node(op, inputs, b.quant(), DType.INT8)


def batch_matmul(b: Builder) -> Tensor | None:
    """A matrix by itself, one of them transposed."""
    source = b.source(lambda t: len(t.shape) >= 2)
    if source is None:
        return None
    sides = b.draw(st.sampled_from([(True, False), (False, True)]))
    return b.node(BatchMatmul(sides), [source, source], b.quant())


PRODUCTS: tuple[Callable[[Builder], Tensor | None], ...] = (transpose_conv, batch_matmul)
