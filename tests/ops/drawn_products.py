"""Random cases of TRANSPOSE_CONV and BATCH_MATMUL."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tests.ops.drawn_moves import Draw, Rng
from tests.ops.harness import Case, case, int8, int32
from tests.ops.weighted_cases import bias_of, input_of, output_of, weights_of
from tinygen.ir import Shape
from tinygen.ops.activation import Activation
from tinygen.ops.batch_matmul import BatchMatmul
from tinygen.ops.spatial import Padding
from tinygen.ops.transpose_conv import TransposeConv


def deconvolution(
    image: Shape,
    taps: tuple[int, int],
    strides: tuple[int, int],
    channels: int,
    rng: Rng,
    *,
    padding: Padding = Padding.VALID,
    size: tuple[int, int] | None = None,
    bias: str = "random",
    activation: Activation = Activation.NONE,
    per_tensor: bool = False,
) -> Case:
    """A transposed convolution; without a `size`, to the size that Keras gives it."""
    if size is None:
        pairs = zip(image[1:3], taps, strides, strict=True)
        size = (
            (image[1] * strides[0], image[2] * strides[1])
            if padding is Padding.SAME
            else tuple(d * s + max(t - s, 0) for d, t, s in pairs)  # type: ignore[assignment]
        )
    assert size is not None
    shape = (image[0], *size, channels)
    zero_points = int(rng.integers(-128, 128)), int(rng.integers(-128, 128))
    weights = weights_of(
        (channels, *taps, image[3]),
        0,
        rng,
        per_tensor=per_tensor,
        zero_channel=bias == "extreme",
    )
    biases = bias_of(weights, channels, bias, rng)
    products = taps[0] * taps[1] * image[3]
    inputs = [int32(np.array(shape)), weights, input_of(image, zero_points[0])]
    return case(
        TransposeConv(padding, *strides, activation),
        inputs if biases is None else [*inputs, biases],
        [output_of(weights, products, zero_points[1], 1.0)],
        name=f"deconvolution {image} {taps} {strides} {padding.name} {shape} {bias}",
        options={
            "padding": padding.value,
            "strideH": strides[0],
            "strideW": strides[1],
            "fusedActivationFunction": activation.value,
        },
        random_vectors=1,
        seed=int(rng.integers(1 << 30)),
    )


def transpose_conv(rng: Rng) -> Case:
    y, x, c, taps_y, taps_x = (int(d) for d in rng.integers(1, 6, 5))
    padding = Padding.SAME if rng.integers(2) else Padding.VALID
    return deconvolution(
        (int(rng.integers(1, 3)), y, x, c),
        (taps_y, taps_x),
        (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        int(rng.integers(1, 10)),
        rng,
        padding=padding,
        bias=str(rng.choice(["random", "extreme", "absent"])),
        activation=list(Activation)[int(rng.integers(4))],
        per_tensor=bool(rng.integers(2)),
    )


def product(
    a: Shape,
    b: Shape,
    rng: Rng,
    *,
    transposed: tuple[bool, bool] = (False, False),
    scale: float = 0.05,
    constant: bool = False,
) -> Case:
    points = [int(p) for p in rng.integers(-128, 128, 3)]
    scales = rng.uniform(0.01, 0.04, 2).tolist()
    data = rng.integers(-128, 128, b, np.int8) if constant else None
    return case(
        BatchMatmul(transposed),
        [int8(a, scales[0], points[0]), int8(b, scales[1], points[1], data=data)],
        [int8((), scale, points[2])],
        name=f"{a} by {b}, {transposed}",
        options={"adjX": transposed[0], "adjY": transposed[1]},
        random_vectors=1,
        seed=int(rng.integers(1 << 30)),
    )


def batch_matmul(rng: Rng) -> Case:
    rows, depth, columns, *around = (int(d) for d in rng.integers(1, 7, 5))
    outer = tuple(around[: int(rng.integers(0, 3))])
    left, right = bool(rng.integers(2)), bool(rng.integers(2))
    first, second = (rows, depth)[:: -1 if left else 1], (depth, columns)[:: -1 if right else 1]
    return product((*outer, *first), (*outer, *second), rng, transposed=(left, right), scale=0.3)


PRODUCTS: Mapping[str, Draw] = {"TRANSPOSE_CONV": transpose_conv, "BATCH_MATMUL": batch_matmul}
