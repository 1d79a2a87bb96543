"""DEPTHWISE_CONV_2D of the set `dsp`: equal to the reference on every core that runs it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ops import test_op_depthwise_conv_2d
from tests.ops.dsp_cases import near, variants
from tests.ops.extremes import with_extremes
from tests.ops.harness import Case, check
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tinygen.engines.aot.kernel_sets.dsp import Dsp, depthwise_any, depthwise_stride_2
from tinygen.engines.aot.kernel_sets.dsp.depthwise import VARIANTS
from tinygen.ops.activation import Activation
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.spatial import Border, Padding

RELU = Activation.RELU
POINTS = (3, -128)
"""Zero points of the input and the output, where int8 itself ends at zero."""


def relu(
    name: str,
    image: tuple[int, int, int],
    stride: int = 1,
    padding: Padding | Border = Padding.SAME,
    *,
    points: tuple[int, int] = POINTS,
    batches: int = 1,
    bias: str = "random",
    gain: float = 1.0,
    seed: int = 0,
) -> Case:
    """3x3 with a ReLU."""
    rule = padding if isinstance(padding, Padding) else Padding.SAME
    one = depthwise(
        name,
        image,
        stride=(stride, stride),
        padding=rule,
        activation=RELU,
        zero_points=points,
        batches=batches,
        bias=bias,
        gain=gain,
        seed=seed,
    )
    if padding is rule:
        return one
    op = one.op
    assert isinstance(op, DepthwiseConv2D)
    other = replace(op, padding=padding)
    (shape,) = other.infer(one.io)
    io = replace(one.io, outputs=(replace(one.io.outputs[0], shape=shape),))
    return replace(one, op=other, io=io)


EDGES = (
    relu("one strip", (6, 7, 4)),
    relu("several strips, odd height", (31, 5, 4)),
    relu("strips of 13", (25, 5, 12)),
    relu("strips of 13, by the same function", (25, 5, 12), seed=1),
    relu("strips of 7", (16, 14, 8)),
    relu("several strips, even height", (30, 6, 8)),
    relu("a single row", (1, 6, 4)),
    relu("strips of which the last one is a row", (15, 4, 4)),
    relu("two columns", (20, 2, 4)),
    relu("three columns, down", (9, 3, 4)),
    relu("one channel", (5, 6, 1)),
    relu("three channels", (5, 5, 3)),
    relu("seven channels", (4, 9, 7)),
    relu("valid", (8, 9, 4), padding=Padding.VALID),
    relu("valid, odd", (7, 8, 5), padding=Padding.VALID),
    relu("borders of all sizes", (6, 5, 4), padding=Border(2, 0, 1, 2)),
    relu("borders above and left", (5, 6, 4), padding=Border(0, 2, 2, 0)),
    relu("a border behind", (4, 4, 8), padding=Border(1, 2, 0, 2)),
    relu("two batches", (4, 5, 6), batches=2),
    relu("three batches that grow", (4, 4, 4), padding=Border(2, 2, 2, 2), batches=3),
    relu("lowest zero points", (5, 5, 4), points=(-128, -128)),
    relu("highest zero point", (5, 5, 4), points=(127, -128)),
    relu("no bias", (5, 5, 4), bias="absent"),
    relu("codes that are constant", (5, 5, 9), bias="extreme", gain=1e-3),
    relu("everything saturates", (5, 5, 4), gain=50.0),
    relu("stride 2", (9, 8, 4), 2),
    relu("stride 2, valid", (9, 12, 4), 2, Padding.VALID),
    relu("stride 2, one output", (2, 2, 4), 2),
    relu("stride 2, two outputs a row", (7, 3, 4), 2),
    relu("stride 2, three outputs a row", (20, 6, 8), 2),
    relu("stride 2, seven outputs a row", (5, 14, 5), 2),
    relu("stride 2, borders", (8, 9, 4), 2, Border(2, 1, 0, 2)),
    relu("stride 2, two batches", (8, 8, 6), 2, batches=2),
    relu("stride 2, two batches of fours", (8, 8, 8), 2, batches=2),
    relu("stride 2, borders of all sizes", (7, 13, 12), 2, Border(2, 2, 2, 1), points=(-128, -128)),
    relu("stride 2, borders behind", (10, 8, 4), 2, Border(0, 2, 1, 2)),
    relu("stride 2, valid, odd", (11, 15, 8), 2, Padding.VALID, points=(127, -128)),
)


ROUNDED_TWICE = (
    depthwise("twice, strips, odd height", (31, 5, 4)),
    depthwise("twice, down, a row of five behind twos", (25, 5, 8)),
    depthwise("twice, a row behind strips", (15, 4, 4)),
    depthwise("twice, a single row", (1, 6, 4)),
    depthwise("twice, three columns", (9, 3, 5)),
    depthwise("twice, along", (6, 19, 4), zero_points=(-128, 127)),
    depthwise("twice, no bias, valid", (8, 9, 6), padding=Padding.VALID, bias="absent"),
    depthwise("twice, nothing left", (5, 5, 4), gain=1e-4),
    depthwise("twice, everything saturates", (5, 5, 4), gain=50.0),
    depthwise("twice, stride 2", (9, 14, 8), stride=(2, 2), zero_points=(127, -3)),
    depthwise("twice, stride 2, two and one", (20, 6, 4), stride=(2, 2), batches=2),
)
"""Without an activation."""


def _random_case(seed: int) -> Case:
    rng = np.random.default_rng(4000 + seed)
    return relu(
        f"random {seed}",
        (int(rng.integers(3, 34)), int(rng.integers(4, 20)), int(rng.integers(1, 14))),
        int(rng.integers(1, 3)),
        Border(*(int(rng.integers(0, most)) for most in (3, 2, 3, 2)))
        if rng.integers(0, 2)
        else Padding.SAME,
        points=(int(rng.integers(-128, 128)), -128),
        batches=int(rng.choice([1, 1, 2])),
        bias=str(rng.choice(["random", "absent"])),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )


RANDOM = tuple(_random_case(seed) for seed in range(8))


ANY = (
    *test_op_depthwise_conv_2d.EDGES,
    *test_op_depthwise_conv_2d.RANDOM[:12],
    depthwise("5x5", (14, 13, 8), kernel=(5, 5), activation=RELU, zero_points=POINTS),
    depthwise("5x5, stride 2", (14, 13, 6), kernel=(5, 5), stride=(2, 2), zero_points=(-128, 0)),
    depthwise("7x7", (11, 9, 5), kernel=(7, 7)),
    depthwise("10x8 with 8 filters of a channel", (49, 10, 1), 8, (10, 8), (2, 2), activation=RELU),
    depthwise("a column", (30, 1, 9), kernel=(5, 1)),
    depthwise("a row", (1, 30, 9), kernel=(1, 5)),
    depthwise("stride 3", (21, 20, 4), stride=(3, 3)),
    depthwise("dilated by 2", (20, 19, 4), dilation=(2, 2)),
    depthwise("strips, two batches", (33, 6, 4), kernel=(4, 3), batches=2),
    depthwise("strips, stride 4", (40, 9, 4), kernel=(3, 3), stride=(4, 2)),
    depthwise("a ReLU that does not end where int8 does", (9, 9, 4), activation=RELU),
    depthwise("27 rows", (40, 3, 4), kernel=(27, 2)),
    depthwise("constant codes", (6, 6, 9), bias="extreme", gain=1e-4),
)


_EXTREME = tuple(with_extremes(one, channels=2, random=3) for one in ROUNDED_TWICE)
CASES = {"edges": EDGES, "twice": _EXTREME, "random": RANDOM, "any window": ANY}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([one for cases in CASES.values() for one in cases]) == {
        *VARIANTS,
        *depthwise_stride_2.VARIANTS,
        *depthwise_any.VARIANTS,
    }


def test_costs_are_as_estimated(tmp_path: Path) -> None:
    cases = (
        relu("down columns", (25, 5, 64)),
        relu("along rows", (48, 48, 8)),
        relu("small images", (6, 6, 60)),
        relu("channels that are no four", (14, 13, 7)),
        relu("stride 2", (24, 24, 16), 2),
        relu("stride 2, odd", (13, 15, 8), 2),
        depthwise("twice", (13, 13, 16)),
        depthwise("twice, stride 2", (16, 16, 16), stride=(2, 2)),
    )
    near(cases, tmp_path)


def test_costs_of_any_window_are_as_estimated(tmp_path: Path) -> None:
    cases = (
        depthwise("5x5", (14, 14, 8), kernel=(5, 5)),
        depthwise("5x5, stride 2", (14, 14, 8), kernel=(5, 5), stride=(2, 2)),
        depthwise("3x3", (12, 12, 16)),
        depthwise("10x8", (49, 10, 1), 8, (10, 8), (2, 2)),
        depthwise("a column", (40, 8, 8), kernel=(9, 1)),
        depthwise("strips", (40, 6, 4), kernel=(4, 3)),
    )
    near(cases, tmp_path)
