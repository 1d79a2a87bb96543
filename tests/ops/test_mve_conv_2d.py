"""The kernel set mve's CONV_2D and FULLY_CONNECTED: every variant equals the reference on the
emulated Cortex-M55, on chosen and random shapes, with sums as large as they can be."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.ops import test_op_conv_2d
from tests.ops.extremes import with_extremes
from tests.ops.harness import Case, check
from tests.ops.mve_cases import variants
from tests.ops.test_op_conv_2d import conv
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.engines.aot.kernel_sets.mve.conv_2d import VARIANTS
from tinygen.ops.activation import Activation
from tinygen.ops.spatial import Padding

relu = partial(conv, activation=Activation.RELU, zero_points=(-128, -128))
"""What one rounding is enough for."""

CHOSEN = (
    # every number of steps that stands without a loop, and some with one; channels that fill blocks
    # and that do not; pixels that pair and one that is left over
    *(
        relu(f"{depth} deep", (3, 5, depth), 4 + depth % 5, (1, 1), seed=depth)
        for depth in (1, 8, 16, 17, 48, 64, 80, 96, 112, 127, 144, 160, 176, 192)
    ),
    *(
        relu(f"{depth} deep, in rounds", (1, 3, depth), 5, (1, 1), seed=depth)
        for depth in (193, 210, 240, 256, 576)
    ),
    conv("two roundings", (4, 4, 20), 12, (1, 1)),
    conv("two roundings, 3x3", (5, 6, 16), 7, (3, 3)),
    relu("strided pixels", (5, 7, 24), 8, (1, 1), (2, 3)),
    relu("strided pixels, few bytes", (5, 7, 3), 8, (1, 1), (2, 2)),
    relu("one row of a filter", (3, 12, 5), 6, (1, 4), padding=Padding.VALID),
    relu("pairs below each other", (6, 5, 16), 8, (3, 3)),
    relu("pairs below each other, one row left", (7, 5, 16), 8, (3, 3)),
    relu("a keyword spotter's first", (49, 10, 1), 64, (10, 4), (2, 2)),
    relu("an image's first", (12, 12, 3), 8, (3, 3), (2, 2)),
    relu("wide pixels", (4, 4, 24), 8, (3, 3)),
    conv("clamped below", (4, 4, 16), 8, (3, 3), activation=Activation.RELU),
    conv("clamped on both sides", (4, 4, 16), 8, (3, 3), activation=Activation.RELU6),
    relu("dilated rows", (9, 5, 4), 8, (3, 3), dilation=(2, 1)),
    relu("batches of strips", (4, 5, 4), 8, (3, 3), batches=3),
    relu("batches of pixels", (2, 2, 16), 8, (1, 1), batches=3),
    relu("constant channels", (4, 4, 16), 12, (3, 3), bias="extreme"),
    relu("beyond the image", (2, 3, 3), 5, (7, 5)),
)


def _random(seed: int) -> Case:
    rng = np.random.default_rng(7000 + seed)
    kernel = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    relu = bool(rng.integers(0, 3))
    return conv(
        f"random {seed}",
        (int(rng.integers(5, 12)), int(rng.integers(5, 12)), int(rng.integers(1, 40))),
        int(rng.integers(1, 24)),
        kernel,
        (int(rng.integers(1, 4)), int(rng.integers(1, 4))),
        (int(rng.integers(1, 3)), 1),
        Padding(0),
        Activation.RELU if relu else Activation.NONE,
        zero_points=(int(rng.integers(-128, 128)), -128 if relu else int(rng.integers(-128, 128))),
        per_tensor=bool(rng.integers(0, 2)),
        gain=float(rng.choice([0.3, 1.0, 3.0])),
        seed=seed,
    )


RANDOM = tuple(_random(seed) for seed in range(16))
CASES = {
    "chosen": CHOSEN,
    "random": RANDOM,
    "edges": test_op_conv_2d.EDGES,
}


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_conv_2d(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check([with_extremes(one) for one in cases], tmp_path, kernel_set=Mve())


def test_every_way_is_reached() -> None:
    every = [one for cases in CASES.values() for one in cases]
    assert variants(every) == set(VARIANTS)
