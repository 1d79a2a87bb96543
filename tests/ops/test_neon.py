"""The kernel set neon: every variant equals the reference in QEMU's user mode, on 64-bit and 32-bit
Arm and on a core with dot products, on chosen and random shapes, with sums as large as can be."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ops import (
    test_mve_conv_2d,
    test_mve_fully_connected,
    test_op_conv_2d,
    test_op_depthwise_conv_2d,
    test_op_fully_connected,
)
from tests.ops.cores import Core
from tests.ops.extremes import with_extremes
from tests.ops.harness import LINUX_CORES, Case, case, check, check_on_core, int8, offered
from tests.ops.mve_cases import near, variants
from tests.ops.test_op_conv_2d import conv
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tests.ops.test_op_fully_connected import dense
from tinygen import boards
from tinygen.engines.aot.kernel_sets.neon import (
    Neon,
    conv_2d,
    depthwise_conv_2d,
    fully_connected,
)
from tinygen.ir import Array
from tinygen.ops.activation import Activation
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.spatial import Padding

SET = Neon()
RELU: dict[str, Any] = {"activation": Activation.RELU, "zero_points": (-128, -128)}
relu = partial(conv, activation=Activation.RELU, zero_points=(-128, -128))

CONVOLUTIONS = (
    # steps of sixteen bytes, a last one of eight, and windows that are no multiple of that; blocks
    # of channels that are whole and that are not
    *(
        relu(f"{depth} deep", (2, 3, depth), 3 + depth % 4, (1, 1), seed=depth)
        for depth in (1, 7, 8, 9, 16, 24, 25, 64)
    ),
    relu("strided pixels", (5, 7, 24), 8, (1, 1), (2, 3)),
    relu("a keyword spotter's first", (49, 10, 1), 16, (10, 4), (2, 2)),
    relu("an image's first", (12, 12, 3), 8, (3, 3), (2, 2)),
    conv("clamped on both sides", (4, 4, 16), 8, (3, 3), activation=Activation.RELU6),
    relu("dilated", (9, 8, 4), 8, (3, 3), dilation=(2, 3)),
    relu("batches", (4, 5, 4), 8, (3, 3), batches=3),
    relu("batches of pixels", (2, 3, 16), 8, (1, 1), batches=3),
    conv("constant channels", (4, 4, 16), 12, (3, 3), bias="extreme"),
    conv("shifts to the left", (4, 4, 16), 10, (3, 3), gain=5e4),
    conv("shifts to the left, pixels", (4, 4, 16), 10, (1, 1), gain=3e4, bias="extreme"),
    relu("beyond the image", (2, 3, 3), 5, (7, 5)),
)
DEPTHWISE = (
    depthwise("a keyword spotter's", (7, 5, 64), **RELU),
    depthwise("a vector and a half", (5, 4, 24), stride=(2, 2)),
    depthwise("a vector and more than a half", (5, 4, 30)),
    depthwise("less than a half", (5, 4, 3)),
    depthwise("a convolution", (6, 5, 1), 8, **RELU),
    depthwise("channels share an input", (6, 5, 5), 3, stride=(2, 1)),
    depthwise("whole vectors share inputs", (6, 5, 8), 2, batches=2),
    depthwise("many taps", (9, 8, 16), kernel=(5, 5), **RELU),
    depthwise("more taps than are straight code", (10, 9, 8), kernel=(9, 8)),
    depthwise("dilated", (9, 8, 8), dilation=(2, 3)),
    depthwise("constant channels", (5, 4, 24), bias="extreme", **RELU),
    depthwise("shifts to the left", (5, 4, 16), gain=5e4),
    depthwise("shifts to the left, a part", (5, 4, 13), gain=5e4, bias="extreme", seed=1),
)
ROWS = (
    dense("a long row", (1, 640), 9),
    dense("few", (1, 3), 2),
    dense("rows", (3, 16), 8),
    dense("constant units", (1, 24), 7, bias="extreme", zero_points=(-128, -128)),
    dense("a row, shifts to the left", (1, 21), 6, gain=5e4),
)
ON_ALL = {"convolutions": CONVOLUTIONS, "depthwise": DEPTHWISE, "rows": ROWS}
ON_ONE = {
    "convolutions": (test_mve_conv_2d.RANDOM[:8], LINUX_CORES[0]),
    "other convolutions": (test_op_conv_2d.EDGES, LINUX_CORES[3]),
    "depthwise": (test_op_depthwise_conv_2d.EDGES, LINUX_CORES[2]),
    "rows": (
        (*test_mve_fully_connected.CHOSEN, *test_op_fully_connected.RANDOM),
        LINUX_CORES[1],
    ),
}


@pytest.mark.parametrize("cases", ON_ALL.values(), ids=ON_ALL)
def test_on_all_cores(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check([with_extremes(one) for one in cases], tmp_path, kernel_set=SET)


@pytest.mark.parametrize(("cases", "core"), ON_ONE.values(), ids=ON_ONE)
def test_on_a_core(cases: tuple[Case, ...], core: Core, tmp_path: Path) -> None:
    found = offered([with_extremes(one) for one in cases], SET, core.core)
    check_on_core(found, core, tmp_path, build_flags=SET.build_flags)


def test_every_way_is_reached() -> None:
    every = [one for cases in ON_ALL.values() for one in cases]
    known = {*conv_2d.VARIANTS, *depthwise_conv_2d.VARIANTS, *fully_connected.VARIANTS}
    assert variants(every, SET, boards.Core.CORTEX_A53) == known


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
    near(LARGE, tmp_path, of=SET, core=LINUX_CORES[0])


def _row(weights: Array) -> Case:
    """A row of `weights` [units, depth], with inputs of -128 among others."""
    tensors = [int8((1, weights.shape[1]), 0.05), int8(data=weights, scale=0.01), None]
    return case(FullyConnected(), tensors, [int8(scale=2.0)], name="least weights")


def _image(weights: Array) -> Case:
    """A depthwise convolution of `weights` [channels, taps]."""
    data = weights.T.reshape(1, -1, 1, len(weights))
    tensors = [int8((1, data.shape[1], 1, len(weights)), 0.05), int8(data=data, scale=0.01), None]
    op = DepthwiseConv2D(Padding.VALID, 1, 1, 1, 1, Activation.NONE, 1)
    return case(op, tensors, [int8(scale=2.0)], name="least weights")


FEWER = np.full((4, 16), -128, np.int8)
FEWER[:, 8:] = -127


def test_weights_whose_products_sixteen_bits_may_not_hold_are_no_candidates(
    tmp_path: Path,
) -> None:
    """-128 times -128 twice, where taps k and k + 8 of a run meet, or neighbours of a plane."""
    least = np.full((4, 16), -128, np.int8)
    for too_much in (_row(least), _image(least[:, :2])):
        with pytest.raises(AssertionError, match="none of the cases"):
            offered([too_much], SET, boards.Core.CORTEX_A53)
    most = (_row(FEWER), _row(least[:, :8]), _image(FEWER[:, 7:9]), _image(least[:, :1]))
    check_on_core(offered(most, SET, boards.Core.CORTEX_A53), LINUX_CORES[0], tmp_path)
