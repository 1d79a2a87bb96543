"""The kernel set mve's DEPTHWISE_CONV_2D: every variant equals the reference on the emulated
Cortex-M55, on chosen and random shapes, with sums as large as they can be."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.ops import test_op_depthwise_conv_2d
from tests.ops.extremes import with_extremes
from tests.ops.harness import Case, check
from tests.ops.mve_cases import variants
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.engines.aot.kernel_sets.mve.depthwise_conv_2d import VARIANTS
from tinygen.ops.activation import Activation
from tinygen.ops.spatial import Padding

relu = partial(depthwise, activation=Activation.RELU, zero_points=(-128, -128))
"""What one rounding is enough for."""

CHOSEN = (
    *(
        relu(f"{kernel[0]}x{kernel[1]} by {stride[0]}x{stride[1]}", (9, 11, 9), 1, kernel, stride)
        for kernel in (
            (3, 3),
            (1, 1),
            (2, 2),
            (1, 3),
            (3, 1),
            (1, 9),
            (9, 1),
            (5, 5),
            (7, 7),
            (4, 4),
        )
        for stride in ((1, 1), (2, 2))
    ),
    relu("a keyword spotter's", (25, 5, 16)),
    relu("wide", (6, 48, 8)),
    relu("wide, by twos", (6, 48, 16), stride=(2, 2)),
    relu("one row", (1, 20, 8)),
    relu("one column", (20, 1, 8)),
    relu("an even number of rows", (8, 7, 8), padding=Padding.VALID),
    relu("17 rows", (17, 3, 3)),
    relu("multiplied", (7, 7, 3), 5),
    relu("batches", (5, 6, 4), batches=3),
    depthwise("two roundings", (7, 9, 12)),
    depthwise("two roundings, by twos", (7, 9, 12), stride=(2, 2)),
    depthwise("two roundings, pieces", (7, 9, 3), kernel=(5, 5)),
    relu("some channels at a time", (7, 5, 40), batches=2),
    relu("some channels at a time, one column", (6, 1, 64)),
    depthwise("some channels at a time, two roundings", (4, 7, 33)),
    depthwise("clamped below", (6, 6, 8), activation=Activation.RELU),
    depthwise("clamped on both sides", (6, 6, 8), activation=Activation.RELU6),
    relu("constant channels", (6, 6, 16), bias="extreme"),
)


def _random(seed: int) -> Case:
    rng = np.random.default_rng(8000 + seed)
    ends = bool(rng.integers(0, 3))
    return depthwise(
        f"random {seed}",
        (int(rng.integers(1, 14)), int(rng.integers(1, 14)), int(rng.integers(1, 20))),
        int(rng.choice([1, 1, 1, 2, 3])),
        (int(rng.integers(1, 6)), int(rng.integers(1, 6))),
        (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        activation=Activation.RELU if ends else Activation.NONE,
        zero_points=(int(rng.integers(-128, 128)), -128 if ends else int(rng.integers(-128, 128))),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )


CASES = {
    "chosen": CHOSEN,
    "random": tuple(_random(seed) for seed in range(20)),
    "edges": test_op_depthwise_conv_2d.EDGES,
}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_depthwise_conv_2d(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check([with_extremes(one) for one in cases], tmp_path, kernel_set=Mve())


def test_every_way_is_reached() -> None:
    every = [one for cases in CASES.values() for one in cases]
    assert variants(every) == set(VARIANTS)
