"""int16 activations by the set `mve`: equal to the reference on the emulated Cortex-M55."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ops.dsp_int16_cases import sixteen
from tests.ops.harness import Case, check
from tests.ops.mve_cases import near, variants
from tests.ops.test_dsp_int16_conv_2d import ONE_TAP, RANDOM, WINDOWS
from tests.ops.test_dsp_int16_depthwise import EDGES as DEPTHWISE
from tests.ops.test_dsp_int16_depthwise import RANDOM as RANDOM_DEPTHWISE
from tests.ops.test_dsp_int16_fully_connected import EDGES
from tests.ops.test_dsp_int16_fully_connected import RANDOM as DENSE
from tests.ops.test_op_conv_2d import conv
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tests.ops.test_op_fully_connected import dense
from tinygen.engines.aot.kernel_sets.mve import Mve, int16, int16_depthwise
from tinygen.ops.activation import Activation

CASES = {
    "one tap": ONE_TAP,
    "windows": WINDOWS,
    "random": RANDOM,
    "connected": (*EDGES, *DENSE),
    "depthwise": (*DEPTHWISE, *RANDOM_DEPTHWISE),
}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Mve())


def test_every_variant_is_reached() -> None:
    there = {*int16.VARIANTS, *int16_depthwise.VARIANTS}
    assert variants([one for cases in CASES.values() for one in cases]) == there


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    near(
        [
            sixteen(one, extremes=False)
            for one in (
                dense("deep", (1, 640), 128, activation=Activation.RELU),
                conv("1x1", (12, 5, 64), 64, (1, 1)),
                conv("1x1 of few channels", (16, 16, 12), 16, (1, 1), activation=Activation.RELU),
                conv("3x3 of 8 channels", (16, 16, 8), 16),
                conv("3x3 of 3 channels", (16, 18, 3), 8, stride=(2, 2)),
                conv("10x4", (49, 10, 1), 16, (10, 4), (2, 2)),
                depthwise("3x3", (25, 5, 64), activation=Activation.RELU),
                depthwise("3x3 stride 2", (24, 24, 8), stride=(2, 2)),
                depthwise("5x5", (12, 12, 16), kernel=(5, 5)),
            )
        ],
        tmp_path,
    )
