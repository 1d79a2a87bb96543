"""FULLY_CONNECTED of int16 activations by the set `dsp`: equal to the reference on every core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.dsp_cases import near, variants
from tests.ops.dsp_int16_cases import sixteen
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_fully_connected import dense
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.int16_fully_connected import VARIANTS
from tinygen.ops.activation import Activation

RELU = Activation.RELU

EDGES = tuple(
    sixteen(one)
    for one in (
        dense("one by one", (1, 1), 1),
        dense("four units", (1, 4), 4, activation=RELU),
        dense("five units, two quads", (1, 8), 5),
        dense("eight quads", (1, 32), 4),
        dense("nine quads", (1, 36), 8, activation=RELU),
        dense("a depth of 3 mod 4", (1, 7), 6, activation=RELU),
        dense("rows", (3, 10), 11),
        dense("image as rows", (2, 3, 4), 5, 4),
        dense("long rows", (1, 700), 9, activation=RELU),
        dense("per channel", (1, 23), 7, per_tensor=False),
        dense("no bias", bias="absent"),
        dense("nothing left", gain=1e-3),
        dense("saturated", gain=30.0),
        dense("saturated, ReLU", (1, 18), 7, gain=30.0, activation=RELU),
    )
)


def _random_case(seed: int) -> Case:
    rng = np.random.default_rng(7100 + seed)
    one = dense(
        f"random {seed}",
        (int(rng.choice([1, 1, 2, 3])), int(rng.integers(1, 140))),
        int(rng.integers(1, 24)),
        activation=RELU if rng.integers(0, 2) else Activation.NONE,
        bias=str(rng.choice(["random", "absent"])),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )
    return sixteen(one, bias=int(rng.choice([1 << 12, 1 << 28])), seed=seed)


RANDOM = tuple(_random_case(seed) for seed in range(24))


@pytest.mark.parametrize("cases", [EDGES, RANDOM], ids=["edges", "random"])
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([*EDGES, *RANDOM]) == set(VARIANTS)


def test_its_costs_are_what_is_counted(tmp_path: Path) -> None:
    near(
        [
            sixteen(dense("deep", (1, 640), 128, activation=RELU), extremes=False),
            sixteen(dense("shallow", (1, 8), 128), extremes=False),
            sixteen(dense("middle", (1, 66), 14), extremes=False),
            sixteen(dense("rows", (5, 30), 8), extremes=False),
        ],
        tmp_path,
    )


@pytest.mark.parametrize(
    "case",
    [
        sixteen(dense("sums of more than 32 bits", (1, 1500), 9)),
        sixteen(dense("a bias of more than 32 bits"), bias=1 << 40),
        sixteen(dense("a factor that is too large", gain=400.0)),
        sixteen(dense("an activation within the codes", activation=Activation.RELU_N1_TO_1)),
    ],
    ids=lambda case: case.name,
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
