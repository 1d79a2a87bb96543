"""The kernel set esp32s3: every variant equals the reference on the emulated core, compiled by GCC
for the ESP32-S3, on chosen and random shapes, with sums as large as they can be."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.ops import (
    test_mve_conv_2d,
    test_mve_depthwise_conv_2d,
    test_mve_fully_connected,
    test_op_depthwise_conv_2d,
    test_op_fully_connected,
)
from tests.ops.extremes import with_extremes
from tests.ops.harness import PIE_CORES, Case, check
from tests.ops.mve_cases import near, variants
from tests.ops.test_op_conv_2d import conv
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tests.ops.test_op_fully_connected import dense
from tinygen import boards
from tinygen.engines.aot.kernel_sets.esp32s3 import (
    Esp32S3,
    conv_2d,
    depthwise_conv_2d,
    fully_connected,
)
from tinygen.ops.activation import Activation

SET = Esp32S3()
RELU: dict[str, Any] = {"activation": Activation.RELU, "zero_points": (-128, -128)}
"""What one rounding is enough for."""
relu = partial(conv, activation=Activation.RELU, zero_points=(-128, -128))

CASES = {
    "convolutions": (
        # every number of vectors that stays in registers, and those of which some do; a pair of
        # channels and one that is left; windows that start where a vector does, and that do not
        *(
            relu(f"{depth} deep", (2, 3, depth), 3 + depth % 2, (1, 1), seed=depth)
            for depth in (1, 5, 16, 24, 33, 64, 80, 90, 96, 97, 112, 128, 144, 224, 225, 250, 600)
        ),
        conv("two roundings, long", (2, 3, 160), 5, (1, 1)),
        conv("one channel", (3, 4, 20), 1, (1, 1)),
        relu("whole columns", (5, 6, 16), 7, (3, 3)),
        relu("a stride of whole columns", (7, 6, 16), 4, (3, 3), (2, 2)),
        relu("columns that are not", (5, 6, 20), 4, (3, 3)),
        relu("a keyword spotter's first", (49, 10, 1), 16, (10, 4), (2, 2)),
        relu("an image's first", (12, 12, 3), 8, (3, 3), (2, 2)),
        conv("clamped on both sides", (4, 4, 16), 8, (3, 3), activation=Activation.RELU6),
        relu("dilated rows", (9, 5, 4), 8, (3, 3), dilation=(2, 1)),
        relu("batches", (4, 5, 4), 8, (3, 3), batches=3),
        relu("constant channels", (4, 4, 16), 12, (3, 3), bias="extreme"),
        conv("constant channels, two roundings", (4, 4, 16), 12, (3, 3), bias="extreme"),
        relu("beyond the image", (2, 3, 3), 5, (7, 5)),
    ),
    "random convolutions": test_mve_conv_2d.RANDOM,
    "depthwise": (
        depthwise("a keyword spotter's", (7, 5, 64), **RELU),
        depthwise("two vectors and a part", (5, 4, 41), stride=(2, 2)),
        depthwise("many taps", (9, 8, 16), kernel=(5, 5), **RELU),
        depthwise("as many as a lane holds", (9, 8, 16), kernel=(6, 5)),
        depthwise("constant channels", (5, 4, 24), bias="extreme", **RELU),
    ),
    "other depthwise": test_mve_depthwise_conv_2d.CHOSEN,
    "random depthwise": test_op_depthwise_conv_2d.EDGES,
    "rows": (*test_mve_fully_connected.CHOSEN, *test_op_fully_connected.RANDOM),
    "a long row": (dense("a long row", (1, 640), 9), dense("rows", (3, 16), 8)),
}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_esp32s3(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check([with_extremes(one) for one in cases], tmp_path, kernel_set=SET)


def test_every_way_is_reached() -> None:
    every = [one for cases in CASES.values() for one in cases]
    known = {*conv_2d.VARIANTS, *depthwise_conv_2d.VARIANTS, *fully_connected.VARIANTS}
    assert variants(every, SET, boards.Core.XTENSA_LX7) == known


LARGE = (
    relu("1x1", (25, 5, 64), 64, (1, 1)),
    relu("1x1 of few", (48, 48, 8), 16, (1, 1)),
    relu("3x3", (8, 8, 32), 32, (3, 3)),
    relu("first", (32, 32, 3), 16, (3, 3)),
    depthwise("3x3 of 64", (25, 5, 64), **RELU),
    depthwise("3x3 of 8", (48, 48, 8), **RELU),
    dense("a row", (1, 128), 128),
)


def test_costs_are_those_counted(tmp_path: Path) -> None:
    near(LARGE, tmp_path, of=SET, core=PIE_CORES[0])
