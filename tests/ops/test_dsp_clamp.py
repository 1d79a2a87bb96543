"""Activations that int8 does not hold by itself, behind every kernel of the set `dsp`."""

from __future__ import annotations

from pathlib import Path

from tests.ops.dsp_cases import narrow, near
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_conv_2d import conv
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tests.ops.test_op_elementwise import binary
from tests.ops.test_op_fully_connected import dense
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.clamp import KERNEL
from tinygen.ir import KernelCall
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.mul import Mul
from tinygen.ops.sub import Sub

RELU, RELU6 = Activation.RELU, Activation.RELU6
POINTS = (3, -20)
"""Zero points of the input and the output, as training for quantization leaves them."""
FINE = ((0.02, -3), (0.03, 40), (0.05, -60))
"""Scales of two inputs and an output whose codes end beyond 6."""

CASES = (
    narrow(conv("1x1", (4, 3, 8), 4, (1, 1), activation=RELU, zero_points=POINTS)),
    narrow(conv("1x1 to odd channels", (3, 7, 5), 7, (1, 1), activation=RELU, zero_points=(0, 5))),
    narrow(conv("3x3", (8, 8, 8), 6, activation=RELU, zero_points=POINTS)),
    conv("of 3 channels", (12, 13, 3), 8, (3, 3), (2, 2), activation=RELU, zero_points=POINTS),
    conv("a row of tiles", (2, 8, 4), 4, activation=RELU, zero_points=POINTS),
    conv("tiles of 4x4", (16, 16, 8), 4, activation=RELU, zero_points=POINTS),
    narrow(depthwise("3x3", (9, 8, 8), activation=RELU, zero_points=POINTS)),
    narrow(
        depthwise("3x3 stride 2", (10, 8, 8), stride=(2, 2), activation=RELU, zero_points=POINTS)
    ),
    narrow(dense("dense", (1, 40), 13, activation=RELU, zero_points=POINTS)),
    narrow(dense("little is left", (2, 9), 3, activation=RELU, zero_points=(3, 126))),
    binary(Add, ((4, 9),) * 2, FINE, RELU),
    binary(Sub, ((4, 9),) * 2, FINE, RELU6),
    binary(Mul, ((3, 5, 7),) * 2, FINE, RELU6),
)


def test_it_equals_the_reference(tmp_path: Path) -> None:
    check(CASES, tmp_path, kernel_set=Dsp())


def test_all_of_them_are_clamped_behind() -> None:
    for one in CASES:
        found = offered([one], Dsp())
        assert any(_clamps(each) for each in found), one.name


def _clamps(case: Case) -> bool:
    last = case.lowered[-1]
    return isinstance(last, KernelCall) and last.kernel == KERNEL


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    near(
        [
            narrow(conv("3x3", (8, 8, 8), 8, activation=RELU, zero_points=POINTS)),
            binary(Add, ((16, 64),) * 2, FINE, RELU),
            binary(Mul, ((16, 64),) * 2, FINE, RELU6),
        ],
        tmp_path,
    )
