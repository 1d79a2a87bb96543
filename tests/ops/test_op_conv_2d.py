"""CONV_2D: kernel = reference = TFLM on edge shapes, extreme values and random geometries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, tensor
from tests.ops.oracle import check_against_tflm
from tests.ops.weighted_cases import bias_of, input_of, output_of, weights_of
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Operands
from tinygen.ops.activation import Activation
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.spatial import Padding

Pair = tuple[int, int]


def conv(
    name: str,
    image: tuple[int, int, int] = (5, 5, 3),
    channels: int = 4,
    kernel: Pair = (3, 3),
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
    padding: Padding = Padding.SAME,
    activation: Activation = Activation.NONE,
    *,
    batches: int = 1,
    groups: int = 1,
    zero_points: Pair = (3, -5),
    bias: str = "random",
    per_tensor: bool = False,
    gain: float = 1.0,
    seed: int = 0,
) -> Case:
    rng = np.random.default_rng(seed)
    depth = image[2] // groups
    shape = (channels, *kernel, depth)
    weights = weights_of(shape, 0, rng, per_tensor=per_tensor, zero_channel=bias == "extreme")
    op = Conv2D(padding, *stride, *dilation, activation)
    return case(
        op,
        [
            input_of((batches, *image), zero_points[0]),
            weights,
            bias_of(weights, channels, bias, rng),
        ],
        [output_of(weights, kernel[0] * kernel[1] * depth, zero_points[1], gain)],
        name=name,
        options={
            "padding": padding.value,
            "strideH": stride[0],
            "strideW": stride[1],
            "dilationHFactor": dilation[0],
            "dilationWFactor": dilation[1],
            "fusedActivationFunction": activation.value,
        },
        seed=seed,
    )


EDGES = (
    conv("plain 3x3"),
    conv("1x1 to one channel", (4, 3, 1), 1, (1, 1)),
    conv("1x1, 7 to 5 channels", (3, 4, 7), 5, (1, 1), per_tensor=True),
    conv("1x1 stride 2", (5, 4, 8), 8, (1, 1), (2, 2)),
    conv("one pixel", (1, 1, 5), 7, (3, 3)),
    conv("2 channels to 3", (4, 6, 2), 3, (2, 3), padding=Padding.VALID),
    conv("window as large as the image", (4, 3, 2), 6, (4, 3), padding=Padding.VALID),
    conv("window larger than the image", (2, 3, 3), 5, (7, 5)),
    conv("stride larger than the window", (9, 8, 3), 4, (2, 2), (4, 3)),
    conv("stride larger than the image", (3, 3, 2), 4, (3, 3), (5, 7)),
    conv(
        "like a keyword spotter's first",
        (49, 10, 1),
        8,
        (10, 4),
        (2, 2),
        activation=Activation.RELU,
    ),
    conv("row filter", (1, 16, 1), 5, (1, 5), (1, 2)),
    conv("dilated, padded", (9, 8, 3), 5, (3, 3), dilation=(2, 3)),
    conv("dilated, valid", (9, 9, 2), 4, (3, 2), (2, 1), (3, 2), Padding.VALID),
    conv("dilation skips the image", (2, 2, 2), 3, (3, 3), dilation=(5, 5)),
    conv("dilated rows only", (8, 5, 4), 4, (3, 3), dilation=(2, 1)),
    conv("two groups", (5, 4, 6), 8, (3, 3), groups=2),
    conv("as many groups as channels", (4, 4, 3), 6, (2, 2), groups=3, dilation=(1, 2)),
    conv("two batches", (4, 4, 2), 3, batches=2),
    conv("lowest zero points", zero_points=(-128, -128), activation=Activation.RELU6),
    conv("highest zero points", zero_points=(127, 127), activation=Activation.RELU),
    conv("no bias", bias="absent"),
    conv("accumulators wrap", (4, 4, 5), 9, bias="extreme"),
    conv("accumulators wrap, left shift", (4, 4, 5), 9, bias="extreme", gain=3e5),
    conv("everything saturates", gain=400.0, activation=Activation.RELU_N1_TO_1),
    conv("left shift", (3, 3, 2), gain=1e5),
    conv("multipliers too small", (3, 3, 2), gain=1e-9),
    conv("almost nothing left", (3, 3, 2), gain=1e-3),
)


def random_case(seed: int) -> Case:
    rng = np.random.default_rng(1000 + seed)
    groups = int(rng.choice([1, 1, 1, 2, 3]))
    dilation = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    need = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = Padding(int(rng.integers(0, 2)))
    low = need if padding is Padding.VALID else [1, 1]
    return conv(
        f"random {seed}",
        (
            int(rng.integers(low[0], low[0] + 8)),
            int(rng.integers(low[1], low[1] + 8)),
            groups * int(rng.integers(1, 9)),
        ),
        groups * int(rng.integers(1, 9)),
        kernel,
        (int(rng.integers(1, 5)), int(rng.integers(1, 5))),
        dilation,
        padding,
        Activation(int(rng.integers(0, 4))),
        groups=groups,
        zero_points=(int(rng.integers(-128, 128)), int(rng.integers(-128, 128))),
        bias=str(rng.choice(["random", "random", "extreme", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )


RANDOM = tuple(random_case(seed) for seed in range(25))


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_conv_2d_kernel_equals_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path)


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_conv_2d_reference_equals_tflm(cases: tuple[Case, ...]) -> None:
    check_against_tflm(cases)


def test_conv_2d_outputs_are_not_all_clipped() -> None:
    (output,) = conv("plain").expected[-1]
    assert len(np.unique(output)) > 30


def test_conv_2d_counts_macs() -> None:
    one = conv("", (6, 4, 6), 8, (3, 5), (2, 1), groups=2)
    assert one.op.macs(one.io) == (3 * 4 * 8) * (3 * 5 * 3)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (tensor((4, 3, 3, 3), DType.INT16, scale=1.0, data=np.zeros((4, 3, 3, 3))), "int16"),
        (int8(data=np.zeros((4, 3, 3, 3)), scale=0.1, zero_point=1), "zero point"),
        (int8(data=np.zeros((4, 3, 3, 3)), scale=[0.1] * 3, axis=3), "dimension 3"),
        (int8((4, 3, 3, 3), 0.1), "constant"),
    ],
    ids=["int16", "zero-point", "axis", "variable"],
)
def test_conv_2d_refuses_weights(weights: object, message: str) -> None:
    good = conv("")
    io = Operands((good.io.inputs[0], weights, None), good.io.outputs)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedModel, match=message):
        good.op.lower(io)


@pytest.mark.parametrize(
    ("image", "weights"),
    [((5, 5, 3), (4, 3, 3, 2)), ((2, 5, 3), (4, 3, 3, 3)), ((5, 5, 4), (3, 3, 3, 2))],
    ids=["channels", "does not fit", "groups"],
)
def test_conv_2d_refuses_shapes(image: tuple[int, int, int], weights: tuple[int, ...]) -> None:
    with pytest.raises(UnsupportedModel):
        Conv2D(Padding.VALID, 1, 1).infer(Operands((int8((1, *image)), int8(weights)), ()))
