"""DEPTHWISE_CONV_2D: kernel = reference = TFLM on edge shapes, extremes and random geometries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8
from tests.ops.oracle import check_against_tflm
from tests.ops.weighted_cases import bias_of, input_of, output_of, weights_of
from tinygen.errors import UnsupportedModel
from tinygen.ir import Operands
from tinygen.ops.activation import Activation
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.spatial import Padding

Pair = tuple[int, int]


def depthwise(
    name: str,
    image: tuple[int, int, int] = (5, 5, 4),
    multiplier: int = 1,
    kernel: Pair = (3, 3),
    stride: Pair = (1, 1),
    dilation: Pair = (1, 1),
    padding: Padding = Padding.SAME,
    activation: Activation = Activation.NONE,
    *,
    batches: int = 1,
    zero_points: Pair = (3, -5),
    bias: str = "random",
    per_tensor: bool = False,
    gain: float = 1.0,
    seed: int = 0,
) -> Case:
    rng = np.random.default_rng(seed)
    channels = image[2] * multiplier
    shape = (1, *kernel, channels)
    weights = weights_of(shape, 3, rng, per_tensor=per_tensor, zero_channel=bias == "extreme")
    return case(
        DepthwiseConv2D(padding, *stride, *dilation, activation, multiplier),
        [
            input_of((batches, *image), zero_points[0]),
            weights,
            bias_of(weights, channels, bias, rng),
        ],
        [output_of(weights, kernel[0] * kernel[1], zero_points[1], gain)],
        name=name,
        options={
            "padding": padding.value,
            "strideH": stride[0],
            "strideW": stride[1],
            "depthMultiplier": multiplier,
            "dilationHFactor": dilation[0],
            "dilationWFactor": dilation[1],
            "fusedActivationFunction": activation.value,
        },
        seed=seed,
    )


EDGES = (
    depthwise("plain 3x3"),
    depthwise("one channel", (4, 4, 1)),
    depthwise("two channels, valid", (5, 4, 2), padding=Padding.VALID),
    depthwise("three channels", (4, 5, 3), kernel=(2, 3)),
    depthwise("five channels, stride 2", (7, 6, 5), stride=(2, 2), activation=Activation.RELU6),
    depthwise("seven channels", (3, 3, 7), per_tensor=True),
    depthwise("nine channels, 1x1", (3, 2, 9), kernel=(1, 1)),
    depthwise("multiplier 2", (4, 4, 3), 2),
    depthwise("multiplier 3", (4, 4, 2), 3, stride=(2, 1)),
    depthwise("multiplier 4", (4, 4, 3), 4, padding=Padding.VALID),
    depthwise("multiplier 9 of one channel", (5, 4, 1), 9, (3, 2)),
    depthwise("one pixel", (1, 1, 6)),
    depthwise("window larger than the image", (2, 3, 5), kernel=(7, 5)),
    depthwise("stride larger than the window", (9, 8, 4), kernel=(2, 2), stride=(4, 3)),
    depthwise("stride larger than the image", (3, 3, 5), stride=(5, 7)),
    depthwise("dilated, padded", (9, 8, 5), dilation=(2, 3)),
    depthwise("dilated, valid, multiplier 2", (9, 9, 3), 2, (3, 2), (2, 1), (3, 2), Padding.VALID),
    depthwise("dilation skips the image", (2, 2, 3), dilation=(5, 5)),
    depthwise("whole image", (6, 5, 8), kernel=(6, 5), padding=Padding.VALID),
    depthwise("two batches", (4, 4, 5), batches=2),
    depthwise("lowest zero points", zero_points=(-128, -128), activation=Activation.RELU6),
    depthwise("highest zero points", zero_points=(127, 127), activation=Activation.RELU),
    depthwise("no bias", bias="absent"),
    depthwise("accumulators wrap", (4, 4, 9), bias="extreme"),
    depthwise("accumulators wrap, left shift", (4, 4, 9), bias="extreme", gain=3e5),
    depthwise("everything saturates", gain=400.0, activation=Activation.RELU_N1_TO_1),
    depthwise("left shift", (3, 3, 2), gain=1e5),
    depthwise("multipliers too small", (3, 3, 2), gain=1e-9),
)


def random_case(seed: int) -> Case:
    rng = np.random.default_rng(2000 + seed)
    dilation = (int(rng.integers(1, 4)), int(rng.integers(1, 4)))
    kernel = (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    need = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = Padding(int(rng.integers(0, 2)))
    low = need if padding is Padding.VALID else [1, 1]
    return depthwise(
        f"random {seed}",
        (
            int(rng.integers(low[0], low[0] + 8)),
            int(rng.integers(low[1], low[1] + 8)),
            int(rng.integers(1, 12)),
        ),
        int(rng.choice([1, 1, 2, 3, 5, 8])),
        kernel,
        (int(rng.integers(1, 5)), int(rng.integers(1, 5))),
        dilation,
        padding,
        Activation(int(rng.integers(0, 4))),
        zero_points=(int(rng.integers(-128, 128)), int(rng.integers(-128, 128))),
        bias=str(rng.choice(["random", "random", "extreme", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )


RANDOM = tuple(random_case(seed) for seed in range(25))


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_depthwise_conv_2d_kernel_equals_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path)


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_depthwise_conv_2d_reference_equals_tflm(cases: tuple[Case, ...]) -> None:
    check_against_tflm(cases)


def test_depthwise_conv_2d_outputs_are_not_all_clipped() -> None:
    (output,) = depthwise("plain").expected[-1]
    assert len(np.unique(output)) > 30


def test_depthwise_conv_2d_counts_macs() -> None:
    one = depthwise("", (6, 4, 3), 2, (3, 5), (2, 1))
    assert one.op.macs(one.io) == (3 * 4 * 6) * (3 * 5)


@pytest.mark.parametrize("weights", [(1, 3, 3, 5), (2, 3, 3, 4)], ids=["channels", "first"])
def test_depthwise_conv_2d_refuses_shapes(weights: tuple[int, ...]) -> None:
    io = Operands((int8((1, 5, 5, 4)), int8(weights)), ())
    with pytest.raises(UnsupportedModel):
        DepthwiseConv2D(Padding.SAME, 1, 1).infer(io)
