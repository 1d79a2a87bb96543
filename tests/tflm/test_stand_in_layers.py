"""`verify --layers` and `profile` with the interpreter, of the stand-in for upstream: which
operator is wrong, and whether the reference kernels are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import tinygen
from tests.device import planting
from tests.tflm.stand_in.fixtures import pools, stand_in_cache, stand_in_tree  # noqa: F401
from tinygen.proof.difference import Like
from tinygen.proof.verdict import Verdict

pytestmark = pytest.mark.usefixtures("stand_in_tree")
BOARD = "qemu-cortex-m4"


@pytest.fixture(name="project")
def _project(tmp_path: Path, pools: Path) -> Iterator[Path]:  # noqa: F811
    yield tinygen.build(pools, board=BOARD, engine="tflm", out=tmp_path / "p").generated.project
    tinygen.stop(tmp_path / "p")


def test_the_operator_that_is_wrong_and_what_each_takes(project: Path) -> None:
    taken = tinygen.profile(project, vectors=2)
    ordinary = tinygen.verify(project, vectors=2)
    assert ordinary.instructions is not None
    assert abs(taken.inference - ordinary.instructions) < 0.01 * ordinary.instructions
    assert taken.inference == taken.between + sum(layer.amount for layer in taken.layers)
    assert {layer.kernel_set for layer in taken.layers} == {"cmsis_nn"}
    right = tinygen.verify_layers(project, vectors=4)
    assert (right.verdict, right.layers) == (Verdict.MATCH, len(taken.layers))
    planting.in_operator_of_the_stand_in(project, 1)
    found = tinygen.verify_layers(project, vectors=4)
    assert found.verdict is Verdict.MISMATCH
    assert found.guilty is not None
    assert (found.guilty.layer, found.guilty.inputs_intact) == (1, True)
    assert found.guilty.difference is not None
    assert found.guilty.difference.like is Like.OFF_BY_ONE
    # The plain one is built of upstream's own sources again, without what was planted.
    assert found.guilty.plain is not None
    assert (found.guilty.plain.kernel_set, found.guilty.plain.agrees) == ("reference", True)
    assert "--kernel-set reference" in found.guilty.workaround
