"""Pools and means of the set `dsp`: equal to the reference on every core that runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ops import test_op_mean, test_op_pool_2d
from tests.ops.dsp_cases import near, variants
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_mean import mean
from tests.ops.test_op_pool_2d import POOLS, pool
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.pool import VARIANTS
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.spatial import Padding

EDGES = (
    *test_op_pool_2d.CASES,
    *(
        pool(type_, *more)
        for type_ in POOLS
        for more in (
            ("of 256 pixels", (16, 16, 5), (16, 16)),
            ("global, fours", (25, 5, 12), (25, 5)),
            ("fours, padded", (7, 6, 8), (3, 3), (1, 1), Padding.SAME),
            ("fours and three", (6, 8, 7), (2, 2)),
        )
    ),
    pool(MaxPool2D, "of 300 pixels", (20, 15, 6), (20, 15)),
)
MEANS = (
    *test_op_mean.EDGES,
    mean("several images", (3, 5, 4, 9), [1, 2]),
    mean("of 300 pixels", (1, 20, 15, 6), [1, 2]),
    mean("of 256 pixels, lowest", (2, 16, 16, 4), [1, 2], zero_points=(-128, 127)),
)


@pytest.mark.parametrize("cases", [EDGES, MEANS], ids=["pools", "means"])
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([*EDGES, *MEANS]) == set(VARIANTS)


def test_costs_are_as_estimated(tmp_path: Path) -> None:
    cases = [
        pool(AveragePool2D, "global", (25, 5, 64), (25, 5)),
        pool(AveragePool2D, "halves", (16, 16, 16)),
        pool(AveragePool2D, "padded", (12, 12, 8), (3, 3), (1, 1), Padding.SAME),
        pool(MaxPool2D, "halves", (16, 16, 16)),
        pool(MaxPool2D, "overlapping", (15, 15, 8), (3, 3)),
        mean("global", (1, 8, 8, 64), [1, 2]),
        mean("large", (1, 24, 24, 32), [1, 2]),
    ]
    near(cases, tmp_path, 0.25)


@pytest.mark.parametrize(
    "case",
    [
        pool(AveragePool2D, "of 300 pixels", (20, 15, 6), (20, 15)),
        mean("channels", (1, 3, 4, 5), [3]),
        mean("alternating", (2, 3, 4, 5), [0, 2]),
    ],
    ids=lambda case: case.name,
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
