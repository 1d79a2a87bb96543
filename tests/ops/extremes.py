"""Inputs that take the sums of layers with weights as far as they go, and many that do not."""

from __future__ import annotations

import numpy as np

from tests.ops.harness import Case
from tinygen.ir import Array


def with_extremes(one: Case, *, channels: int = 6, random: int = 10, seed: int = 0) -> Case:
    """The case with vectors that make the sum of one channel after the other largest and smallest
    in as many windows as there are, some that come near, random ones and constant ones."""
    rng = np.random.default_rng(seed)
    source, weights = one.io.input(0), one.io.constant(1)
    low, high, dtype = source.dtype.low, source.dtype.high, source.dtype.numpy
    images = [np.full(source.shape, value, dtype) for value in (low, high, source.q.zero_point)]
    axis = 3 if one.op.kind == "DEPTHWISE_CONV_2D" else 0
    count = weights.shape[axis]
    for channel in rng.permutation(count)[:channels]:
        taps = np.take(weights, channel, axis)
        for sign in (1, -1):
            images.append(_signs(source.shape, taps, sign, (low, high)).astype(dtype))
    near = images[-1].copy()
    near[rng.random(near.shape) < 0.05] = 0
    images.append(near)
    images += [rng.integers(low, high + 1, source.shape).astype(dtype) for _ in range(random)]
    ends = np.array([low, low + 1, high - 1, high], dtype)
    images += [rng.choice(ends, source.shape) for _ in range(2)]
    rest = tuple(t.data if t is not None and t.constant else None for t in one.io.inputs[1:])
    vectors = tuple((image, *rest) for image in images)
    return Case(one.name, one.op, one.io, vectors, one.options)


def _signs(shape: tuple[int, ...], taps: Array, sign: int, ends: tuple[int, int]) -> Array:
    """Images whose first windows have the greatest products with these taps, or the least: they lie
    one beside the other, as far as the shape goes."""
    low, high = ends
    plus = np.where(taps.reshape(-1, *taps.shape[-1:]).astype(np.int64) * sign > 0, high, low)
    flat = np.resize(plus.reshape(-1), int(np.prod(shape))) if len(shape) < 4 else None
    if flat is not None:
        return flat.reshape(shape)
    tile = np.where(taps.astype(np.int64) * sign > 0, high, low)
    while tile.ndim < 3:
        tile = tile[..., None]
    height, width, depth = shape[1:]
    rows, columns = -(-height // tile.shape[0]), -(-width // tile.shape[1])
    image = np.tile(tile, (rows, columns, -(-depth // tile.shape[2])))[:height, :width, :depth]
    return np.broadcast_to(image, shape).copy()
