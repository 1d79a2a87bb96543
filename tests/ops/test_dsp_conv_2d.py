"""CONV_2D of the set `dsp`: equal to the reference on every core that runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.dsp_cases import narrow, near, variants
from tests.ops.extremes import with_extremes
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_conv_2d import Pair, conv
from tinygen.engines.aot.kernel_sets.dsp import (
    Dsp,
    conv_1x1,
    conv_2d,
    conv_first,
    conv_winograd,
    conv_winograd_4x4,
)
from tinygen.ops.activation import Activation
from tinygen.ops.spatial import Padding

RELU, VALID = Activation.RELU, Padding.VALID
POINTS = (3, -128)
"""Zero points of the input and the output, where int8 itself ends at zero."""
LOWEST = (-128, -128)

ONE_TAP = tuple(
    narrow(one)
    for one in (
        conv("1x1", (4, 3, 8), 4, (1, 1)),
        conv("1x1, ReLU", (4, 3, 8), 4, (1, 1), activation=RELU, zero_points=POINTS),
        conv("1x1 from one channel to one", (1, 1, 1), 1, (1, 1)),
        conv("1x1 to odd channels", (3, 7, 5), 7, (1, 1), activation=RELU, zero_points=LOWEST),
        conv("1x1 to odd channels, twice", (3, 7, 6), 3, (1, 1)),
        conv("1x1 of a quad", (5, 5, 4), 6, (1, 1), activation=RELU, zero_points=POINTS),
        conv("1x1 of eight quads", (2, 4, 32), 6, (1, 1), activation=RELU, zero_points=POINTS),
        conv("1x1 of nine quads", (2, 5, 36), 6, (1, 1), activation=RELU, zero_points=POINTS),
        conv("1x1 of ten quads, twice", (2, 5, 39), 8, (1, 1)),
        conv("1x1 stride 2", (9, 8, 8), 6, (1, 1), (2, 2), activation=RELU, zero_points=POINTS),
        conv("1x1 stride 2 by 3", (7, 9, 12), 5, (1, 1), (2, 3)),
        conv("1x1 of two images", (3, 3, 8), 4, (1, 1), batches=2),
        conv("1x1 wide", (1, 3, 150), 20, (1, 1), activation=RELU, zero_points=POINTS),
    )
)

WINDOWS = tuple(
    narrow(one)
    for one in (
        conv("3x3", (5, 5, 4), 4),
        conv("3x3, ReLU", (8, 8, 8), 6, activation=RELU, zero_points=POINTS),
        conv("3x3 of 3 channels", (8, 8, 3), 5, activation=RELU, zero_points=POINTS),
        conv("3x3 stride 2", (9, 8, 8), 4, stride=(2, 2), activation=RELU, zero_points=LOWEST),
        conv("3x3 stride 2 of 1 channel", (9, 9, 1), 4, stride=(2, 2)),
        conv("3x3 valid", (6, 7, 5), 4, padding=VALID, activation=RELU, zero_points=POINTS),
        conv("5x5 of 2 channels", (7, 9, 2), 3, (5, 5), (1, 2)),
        conv(
            "10x4 of 1 channel",
            (23, 10, 1),
            6,
            (10, 4),
            (2, 2),
            activation=RELU,
            zero_points=POINTS,
        ),
        conv("1x7", (3, 16, 4), 4, (1, 7)),
        conv("6x1", (9, 4, 4), 4, (6, 1), activation=RELU, zero_points=POINTS),
        conv("dilated columns", (6, 9, 5), 4, dilation=(1, 2)),
        conv("dilated rows", (9, 6, 4), 4, dilation=(3, 1), activation=RELU, zero_points=POINTS),
        conv("dilated, strided, valid", (11, 13, 3), 4, (3, 2), (2, 3), (2, 4), VALID),
        conv("dilation steps over the image", (2, 2, 2), 3, (3, 3), dilation=(5, 5)),
        conv("one pixel", (1, 1, 5), 7, activation=RELU, zero_points=POINTS),
        conv("window as large as the image", (4, 3, 2), 6, (4, 3), padding=VALID),
        conv("window larger than the image", (2, 3, 3), 5, (7, 5)),
        conv("stride larger than the window", (9, 8, 3), 4, (2, 2), (4, 3)),
        conv("stride larger than the image", (3, 3, 2), 4, (3, 3), (5, 7)),
        conv("two images", (4, 4, 4), 3, batches=2, activation=RELU, zero_points=POINTS),
        conv("highest zero points", (5, 6, 4), 4, zero_points=(127, 127)),
        conv("no bias", (5, 6, 4), 4, bias="absent"),
        conv("saturated", (4, 6, 4), 4, gain=20.0, activation=RELU, zero_points=POINTS),
        conv("nothing left", (4, 6, 4), 4, gain=1e-4, activation=RELU, zero_points=POINTS),
    )
)

FIRST = (
    conv("3x3 of 4 channels", (7, 9, 4), 4, activation=RELU, zero_points=POINTS),
    conv("3x3 of 3 channels, inside of words", (6, 10, 3), 6),
    conv("3x3 of 1 channel, inside of words", (8, 7, 1), 2, activation=RELU, zero_points=LOWEST),
    conv(
        "3x3 stride 2 of 3 channels",
        (12, 13, 3),
        8,
        (3, 3),
        (2, 2),
        activation=RELU,
        zero_points=POINTS,
    ),
    conv("many rows", (40, 30, 3), 2, (3, 3), (2, 2), activation=RELU, zero_points=POINTS),
    conv("10x4 of 1 channel", (23, 10, 1), 6, (10, 4), (2, 2), activation=RELU, zero_points=POINTS),
    conv("5x5 of 1 channel", (11, 9, 1), 4, (5, 5), (2, 2)),
    conv("1x6 of 2 channels", (4, 11, 2), 4, (1, 6), padding=VALID),
    conv("5x1 of 4 channels, valid", (12, 3, 4), 4, (5, 1), (3, 1), padding=VALID),
    conv("wide rows", (3, 180, 3), 2, (2, 3), (1, 2), activation=RELU, zero_points=POINTS),
    conv("stride larger than the window", (11, 12, 4), 2, (2, 2), (4, 3)),
    conv("two pixels", (2, 1, 4), 2, (3, 3)),
    conv("two images", (4, 5, 2), 2, (3, 3), batches=2, activation=RELU, zero_points=POINTS),
    conv("saturated", (5, 6, 3), 4, (3, 3), (2, 2), gain=20.0),
)
"""With weights of -128, which only a kernel with int16 weights has."""

TILES = (
    conv("a row of tiles", (2, 8, 4), 4, activation=RELU, zero_points=POINTS),
    conv("rows of tiles", (6, 20, 8), 8, zero_points=(-7, 9)),
    conv("16 channels", (4, 8, 16), 8, activation=RELU, zero_points=LOWEST),
    conv("32 channels", (2, 8, 32), 4, zero_points=(127, 3)),
    conv(
        "64 channels of two images",
        (2, 8, 64),
        4,
        batches=2,
        activation=RELU,
        zero_points=(127, -128),
    ),
    conv("no bias", (4, 8, 4), 4, bias="absent"),
    conv("saturated", (4, 8, 4), 4, gain=20.0, activation=RELU, zero_points=POINTS),
    conv("nothing left", (4, 8, 4), 4, gain=1e-4, activation=RELU, zero_points=POINTS),
    conv("one scale", (4, 24, 12), 4, per_tensor=True),
    conv("a column of tiles", (16, 4, 4), 2, activation=RELU, zero_points=LOWEST),
    conv("two tiles in a row", (8, 8, 8), 12, activation=RELU, zero_points=(127, -128)),
    conv("fours of tiles that end within rows", (8, 24, 4), 4, zero_points=(-128, 9)),
    conv("tiles of four images", (4, 12, 12), 2, batches=4, activation=RELU, zero_points=POINTS),
    conv("two fours of tiles in a row", (4, 32, 4), 6, activation=RELU, zero_points=POINTS),
    conv("many channels of the output", (4, 16, 4), 42, zero_points=(5, -6)),
)
"""For Winograd's, with weights of -128 as well."""


def _random_case(seed: int) -> Case:
    rng = np.random.default_rng(9000 + seed)
    relu = bool(rng.integers(0, 2))
    kernel = (1, 1) if seed % 4 == 0 else tuple(int(k) for k in rng.integers(1, 5, 2))
    dilation = (1, 1) if seed % 3 else tuple(int(d) for d in rng.integers(1, 4, 2))
    need = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    padding = Padding(int(rng.integers(0, 2)))
    low = need if padding is VALID else [1, 1]
    height, width = (int(rng.integers(least, least + 11)) for least in low)
    return narrow(
        conv(
            f"random {seed}",
            (height, width, int(rng.integers(1, 25))),
            int(rng.integers(1, 12)),
            (kernel[0], kernel[1]),
            (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
            (dilation[0], dilation[1]),
            padding,
            RELU if relu else Activation.NONE,
            batches=int(rng.choice([1, 1, 1, 2])),
            zero_points=(
                int(rng.integers(-128, 128)),
                -128 if relu else int(rng.integers(-99, 99)),
            ),
            bias=str(rng.choice(["random", "absent"])),
            per_tensor=bool(rng.integers(0, 2)),
            gain=float(rng.choice([0.3, 1.0, 3.0])),
            seed=seed,
        )
    )


RANDOM = tuple(_random_case(seed) for seed in range(40))
_EXTREME_TILES = tuple(with_extremes(one, channels=2, random=3) for one in TILES)
CASES = {
    "one tap": ONE_TAP,
    "windows": WINDOWS,
    "few channels": FIRST,
    "tiles": _EXTREME_TILES,
    "random": RANDOM,
}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    families = (conv_1x1, conv_2d, conv_first, conv_winograd, conv_winograd_4x4)
    there = {variant for family in families for variant in family.VARIANTS}
    assert variants([one for cases in CASES.values() for one in cases]) == there


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    def relu(
        name: str,
        image: tuple[int, int, int],
        channels: int,
        kernel: Pair = (3, 3),
        stride: Pair = (1, 1),
    ) -> Case:
        return conv(name, image, channels, kernel, stride, activation=RELU, zero_points=POINTS)

    near(
        [
            narrow(relu("1x1", (9, 5, 64), 64, (1, 1))),
            narrow(relu("1x1, small and odd", (24, 23, 7), 15, (1, 1))),
            narrow(conv("1x1 stride 2, twice", (16, 16, 16), 32, (1, 1), (2, 2))),
            narrow(relu("3x3", (10, 9, 16), 16)),
            narrow(conv("3x3, twice", (8, 8, 32), 32)),
            narrow(conv("5x3 dilated", (9, 12, 6), 8, (5, 3), dilation=(1, 2))),
            relu("3x3 stride 2 of 3 channels", (33, 32, 3), 8, (3, 3), (2, 2)),
            relu("10x4 of 1 channel", (49, 10, 1), 64, (10, 4), (2, 2)),
            conv("3x3 of 3 channels, twice", (16, 16, 3), 16),
            relu("tiles", (8, 16, 16), 16),
            conv("tiles, twice", (8, 8, 32), 8),
        ],
        tmp_path,
    )


@pytest.mark.parametrize(
    "case",
    [
        conv("two groups", (5, 4, 8), 8, groups=2),
        conv("sums of more than 23 bits", (4, 4, 5), 9, bias="extreme"),
        conv("a weight of -128 beside another", (5, 5, 32), 32),
    ],
    ids=lambda case: case.name,
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
