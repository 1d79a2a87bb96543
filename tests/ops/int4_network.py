"""A small network whose weights are int4, of every operator that has them in a file."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tests.ops.harness import int8, int32
from tests.ops.network_file import Network, Q
from tests.ops.tflite_file import SAME, VALID
from tinygen.ir import Shape, Tensor


def int4_network(seed: int = 0) -> bytes:
    """A file: CONV_2D, DEPTHWISE_CONV_2D, a pointwise CONV_2D, FULLY_CONNECTED."""
    rng = np.random.default_rng(seed)

    def layer(shape: Shape, axis: int | None) -> list[Tensor]:
        """Weights, and a bias of their scales; one scale where no axis is named."""
        data = rng.integers(-8, 8, shape, dtype=np.int8)
        scales = rng.uniform(0.02, 0.05, 1 if axis is None else shape[axis])
        weights = replace(int8(data=data, scale=scales.tolist(), axis=axis or 0), int4=True)
        channels = rng.integers(-500, 500, shape[axis or 0], dtype=np.int32)
        return [weights, int32(channels, scale=(Q[0] * scales).tolist())]

    net = Network()
    strides: dict[str, Any] = {
        "strideH": 2,
        "strideW": 2,
        "dilationHFactor": 1,
        "dilationWFactor": 1,
    }
    once = {**strides, "strideH": 1, "strideW": 1}
    image = net.input((1, 9, 9, 3))
    image = net.call(
        "CONV_2D", [image, *layer((5, 3, 3, 3), 0)], (1, 5, 5, 5), padding=SAME, **strides
    )
    image = net.call(
        "DEPTHWISE_CONV_2D",
        [image, *layer((1, 3, 3, 5), 3)],
        (1, 5, 5, 5),
        padding=SAME,
        depthMultiplier=1,
        **once,
    )
    image = net.call(
        "CONV_2D", [image, *layer((7, 1, 1, 5), 0)], (1, 5, 5, 7), padding=VALID, **once
    )
    row = net.call("RESHAPE", [image, [1, 175]], (1, 175), newShape=[1, 175])
    out = net.call("FULLY_CONNECTED", [row, *layer((6, 175), None)], (1, 6))
    return net.file(out)
