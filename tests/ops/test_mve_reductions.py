"""The kernel set mve's MEAN, SUM and SOFTMAX equal the reference on the emulated Cortex-M55."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ops import test_op_mean, test_op_softmax
from tests.ops.harness import Case, check
from tests.ops.mve_cases import near, variants
from tests.ops.test_op_mean import mean
from tests.ops.test_op_softmax import softmax
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.engines.aot.kernel_sets.mve.mean import VARIANTS
from tinygen.ir import Shape


def behind_relu(shape: Shape) -> Case:
    """Of a tensor and to one whose lowest code is zero, in one scale."""
    return mean(f"{shape}", shape, [1, 2], scales=(0.02, 0.02), zero_points=(-128, -128))


MEANS = (
    *test_op_mean.EDGES,
    mean("sixteen and eight", (1, 7, 7, 24), [1, 2]),
    behind_relu((2, 5, 4, 19)),
    mean("of 300 pixels", (1, 20, 15, 22), [1, 2]),
    mean("of 257 pixels, lowest", (1, 257, 33), [1], zero_points=(-128, 127)),
)
SOFTMAXES = (
    *test_op_softmax.EDGES,
    softmax((2, 17), 0.2),
    softmax((1, 1001), 0.01),
    softmax((1, 4095), 0.1),
)


@pytest.mark.parametrize("cases", [MEANS, SOFTMAXES], ids=["means", "softmaxes"])
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Mve())


def test_every_variant_is_reached() -> None:
    assert variants(MEANS) == set(VARIANTS)


def test_costs_are_as_estimated(tmp_path: Path) -> None:
    cases = [
        mean("global", (1, 7, 7, 64), [1, 2]),
        behind_relu((1, 14, 14, 40)),
        mean("few channels", (1, 24, 24, 12), [1, 2]),
        softmax((1, 12), 0.1),
        softmax((4, 40), 0.1),
        softmax((1, 1000), 0.1),
    ]
    near(cases, tmp_path)
