"""FULLY_CONNECTED of the set `dsp`: equal to the reference on every core that runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.dsp_cases import narrow, near, variants
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_fully_connected import dense
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.fully_connected import VARIANTS
from tinygen.ops.activation import Activation

RELU = Activation.RELU
RELU_POINTS = (3, -128)
"""Zero points of the input and the output, where int8 itself ends at zero."""

EDGES = tuple(
    narrow(one)
    for one in (
        dense("one by one", (1, 1), 1),
        dense("one by one, ReLU", (1, 1), 1, activation=RELU, zero_points=RELU_POINTS),
        dense("five units", (1, 4), 5),
        dense("six units, two quads", (1, 8), 6, activation=RELU, zero_points=RELU_POINTS),
        dense("nine quads", (1, 36), 5),
        dense("eight quads", (1, 32), 4, activation=RELU, zero_points=RELU_POINTS),
        dense("a depth of 3 mod 4", (1, 7), 5, activation=RELU, zero_points=RELU_POINTS),
        dense("rows", (3, 10), 11),
        dense("rows, ReLU", (4, 65), 13, activation=RELU, zero_points=RELU_POINTS),
        dense("image as rows", (2, 3, 4), 5, 4),
        dense("long rows", (1, 1500), 9, activation=RELU, zero_points=(-128, -128)),
        dense("per channel", (1, 23), 7, per_tensor=False),
        dense("per channel, ReLU", (1, 64), 12, activation=RELU, zero_points=RELU_POINTS),
        dense("lowest zero points", (1, 40), zero_points=(-128, -128)),
        dense("highest zero points", (1, 40), zero_points=(127, 127)),
        dense("no bias", bias="absent"),
        dense("nothing left", gain=1e-4, activation=RELU, zero_points=RELU_POINTS),
        dense("saturated", gain=30.0, activation=RELU, zero_points=RELU_POINTS),
    )
)


def _random_case(seed: int) -> Case:
    rng = np.random.default_rng(7000 + seed)
    relu = bool(rng.integers(0, 2))
    return narrow(
        dense(
            f"random {seed}",
            (int(rng.choice([1, 1, 2, 3])), int(rng.integers(1, 140))),
            int(rng.integers(1, 24)),
            activation=RELU if relu else Activation.NONE,
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


RANDOM = tuple(_random_case(seed) for seed in range(30))


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([*EDGES, *RANDOM]) == set(VARIANTS)


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    near(
        [
            narrow(dense("deep", (1, 640), 128, activation=RELU, zero_points=RELU_POINTS)),
            narrow(dense("shallow", (1, 8), 128, activation=RELU, zero_points=RELU_POINTS)),
            narrow(dense("twice", (1, 64), 12)),
            narrow(dense("rows", (5, 30), 8)),
        ],
        tmp_path,
    )


@pytest.mark.parametrize(
    "case",
    [
        dense("sums of more than 23 bits", (1, 10), 9, bias="extreme"),
        dense("a weight of -128 beside another", (1, 1500), 9),
    ],
    ids=lambda case: case.name,
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
