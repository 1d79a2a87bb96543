"""The kernel set mve's FULLY_CONNECTED equals the reference on the emulated Cortex-M55."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.ops.extremes import with_extremes
from tests.ops.harness import Case, check
from tests.ops.mve_cases import variants
from tests.ops.test_op_fully_connected import EDGES, RANDOM, dense
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.engines.aot.kernel_sets.mve.fully_connected import VARIANTS
from tinygen.ops.activation import Activation

relu = partial(dense, activation=Activation.RELU, zero_points=(-128, -128))
CHOSEN = (
    *(relu(f"{depth} deep", (1, depth), 1 + depth % 17, seed=depth)
      for depth in (1, 15, 16, 17, 32, 33, 48, 64, 79, 128, 130, 640)),
    dense("two roundings", (1, 128), 24),
    dense("two roundings, units left over", (1, 72), 13),
    relu("per channel", (1, 64), 16, per_tensor=False),
    relu("many rows", (7, 64), 16),
    relu("many rows, no whole vectors", (5, 27), 10),
)  # fmt: skip


@pytest.mark.parametrize("cases", [CHOSEN, EDGES + RANDOM], ids=["chosen", "any"])
def test_fully_connected(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check([with_extremes(one) for one in cases], tmp_path, kernel_set=Mve())


def test_every_way_is_reached() -> None:
    assert set(VARIANTS) <= variants([*CHOSEN, *EDGES, *RANDOM])
