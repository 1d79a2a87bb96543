"""Tensors for layers with weights: scales that keep outputs in range, and extremes."""

from __future__ import annotations

import math

import numpy as np

from tests.ops.harness import int8, int32
from tinygen.ir import Shape, Tensor

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1
EXTREME_BIASES = (INT32_MIN, INT32_MAX, 1 << 30, -(1 << 30), (1 << 30) + 12345, 0, 1, -1)
"""Constant channels carry such biases; with products added, some accumulators wrap."""
_INPUT_SCALE = 0.05


def weights_of(
    shape: Shape, axis: int, rng: np.random.Generator, *, per_tensor: bool, zero_channel: bool
) -> Tensor:
    """Random int8 weights, -128 included, with scales per channel of `axis` or one."""
    data = rng.integers(-128, 127, shape, dtype=np.int8, endpoint=True)
    if zero_channel:
        np.moveaxis(data, axis, 0)[0] = 0
    scales = rng.uniform(0.002, 0.01, 1 if per_tensor else shape[axis])
    return int8(data=data, scale=scales.tolist(), axis=axis)


def bias_of(weights: Tensor, channels: int, kind: str, rng: np.random.Generator) -> Tensor | None:
    """A bias for these weights: 'random', 'extreme' or 'absent'."""
    scales = [_INPUT_SCALE * scale for scale in weights.q.scales]
    if kind == "absent":
        return None
    if kind == "extreme":
        return int32(np.resize(np.array(EXTREME_BIASES, np.int32), channels), scale=scales)
    return int32(rng.integers(-(1 << 14), 1 << 14, channels, dtype=np.int32), scale=scales)


def output_of(weights: Tensor, products: int, zero_point: int, gain: float) -> Tensor:
    """An output whose codes spread over the int8 range with gain 1, for sums of `products`."""
    spread = 73.0 * 74.0 * math.sqrt(products)  # of random codes' products
    scale = _INPUT_SCALE * float(np.mean(weights.q.scales)) * spread / (60.0 * gain)
    return int8(scale=scale, zero_point=zero_point)


def input_of(shape: Shape, zero_point: int) -> Tensor:
    """An activation tensor."""
    return int8(shape, _INPUT_SCALE, zero_point)
