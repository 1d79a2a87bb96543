"""CONV_2D of int16 activations by the set `dsp`: equal to the reference on every core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.dsp_cases import near, variants
from tests.ops.dsp_int16_cases import sixteen
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_conv_2d import conv
from tinygen.engines.aot.kernel_sets.dsp import Dsp, int16_conv_1x1, int16_conv_2d
from tinygen.ops.activation import Activation
from tinygen.ops.spatial import Padding

RELU, VALID = Activation.RELU, Padding.VALID

ONE_TAP = tuple(
    sixteen(one)
    for one in (
        conv("1x1", (4, 3, 8), 4, (1, 1)),
        conv("1x1, ReLU", (5, 3, 8), 4, (1, 1), activation=RELU),
        conv("1x1 from one channel to one", (1, 1, 1), 1, (1, 1)),
        conv("1x1 to odd channels", (3, 7, 5), 7, (1, 1), activation=RELU),
        conv("1x1 of a pair, one pixel", (1, 1, 2), 3, (1, 1)),
        conv("1x1 of 17 pairs", (2, 5, 34), 6, (1, 1)),
        conv("1x1 of 18 pairs", (2, 5, 36), 6, (1, 1), activation=RELU),
        conv("1x1 stride 2", (9, 8, 8), 6, (1, 1), (2, 2), activation=RELU),
        conv("1x1 stride 2 by 3", (7, 9, 12), 5, (1, 1), (2, 3)),
        conv("1x1 of two images", (3, 3, 8), 4, (1, 1), batches=2),
        conv("1x1 wide", (1, 3, 150), 20, (1, 1), bias="absent"),
    )
)

WINDOWS = tuple(
    sixteen(one)
    for one in (
        conv("3x3", (5, 5, 4), 4),
        conv("3x3, ReLU", (8, 8, 8), 6, activation=RELU),
        conv("3x3 of 3 channels", (8, 9, 3), 5, activation=RELU),
        conv("3x3 stride 2 of 1 channel", (9, 9, 1), 4, stride=(2, 2)),
        conv("3x3 valid", (6, 7, 5), 4, padding=VALID, activation=RELU),
        conv("10x4 of 1 channel", (23, 10, 1), 6, (10, 4), (2, 2), activation=RELU),
        conv("1x7", (3, 16, 4), 4, (1, 7)),
        conv("6x1", (9, 4, 3), 4, (6, 1), activation=RELU),
        conv("dilated columns", (6, 9, 5), 4, dilation=(1, 2)),
        conv("dilated, strided, valid", (11, 13, 3), 4, (3, 2), (2, 3), (2, 4), VALID),
        conv("dilation steps over the image", (2, 2, 2), 3, (3, 3), dilation=(5, 5)),
        conv("one pixel", (1, 1, 5), 7, activation=RELU),
        conv("window larger than the image", (2, 3, 3), 5, (7, 5)),
        conv("stride larger than the window", (9, 8, 3), 4, (2, 2), (4, 3)),
        conv("two images", (4, 4, 4), 3, batches=2, activation=RELU),
        conv("saturated", (4, 6, 4), 4, gain=20.0),
        conv("nothing left", (4, 6, 4), 4, gain=1e-3, activation=RELU),
    )
)


def _random_case(seed: int) -> Case:
    rng = np.random.default_rng(9100 + seed)
    kernel = (1, 1) if seed % 4 == 0 else tuple(int(k) for k in rng.integers(1, 5, 2))
    dilation = (1, 1) if seed % 3 else tuple(int(d) for d in rng.integers(1, 4, 2))
    need = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = Padding(int(rng.integers(0, 2)))
    low = need if padding is VALID else [1, 1]
    height, width = (int(rng.integers(least, least + 11)) for least in low)
    one = conv(
        f"random {seed}",
        (height, width, int(rng.integers(1, 25))),
        int(rng.integers(1, 12)),
        (kernel[0], kernel[1]),
        (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        (dilation[0], dilation[1]),
        padding,
        RELU if rng.integers(0, 2) else Activation.NONE,
        batches=int(rng.choice([1, 1, 1, 2])),
        bias=str(rng.choice(["random", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )
    return sixteen(one, bias=int(rng.choice([1 << 12, 1 << 28])), seed=seed)


RANDOM = tuple(_random_case(seed) for seed in range(30))
CASES = {"one tap": ONE_TAP, "windows": WINDOWS, "random": RANDOM}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    there = {*int16_conv_1x1.VARIANTS, *int16_conv_2d.VARIANTS}
    assert variants([one for cases in CASES.values() for one in cases]) == there


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    near(
        [
            sixteen(one, extremes=False)
            for one in (
                conv("1x1", (12, 5, 64), 64, (1, 1), activation=RELU),
                conv("1x1 of few channels", (16, 16, 8), 16, (1, 1)),
                conv("3x3 of 8 channels", (16, 16, 8), 16),
                conv("3x3 of 3 channels", (16, 18, 3), 8, stride=(2, 2), activation=RELU),
                conv("10x4", (49, 10, 1), 16, (10, 4), (2, 2)),
                conv("odd channels", (7, 6, 16), 9, activation=RELU),
            )
        ],
        tmp_path,
    )


@pytest.mark.parametrize(
    "case",
    [
        sixteen(conv("sums of more than 32 bits", (7, 7, 40), 4, (7, 7))),
        sixteen(conv("groups", (4, 4, 6), 4, groups=2)),
        sixteen(conv("a factor that is too large", gain=400.0)),
    ],
    ids=lambda case: case.name,
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
