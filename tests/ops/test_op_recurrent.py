"""Operators that remember: reference = TFLM step by step, and kernel = reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import drawn
from tests.ops.drawn_recurrent import RECURRENT, lstm
from tests.ops.harness import check
from tests.ops.oracle import check_against_tflm
from tinygen.ops.gates import sigmoid, tanh

EDGES = tuple(
    lstm(np.random.default_rng(i), steps, features, units)
    for i, (steps, features, units) in enumerate([(1, 1, 1), (3, 4, 4), (2, 8, 12), (5, 3, 7)])
)

SCALES = tuple(
    lstm(np.random.default_rng(-power + 50), 3, 4, 5, power=power) for power in (-30, -16, -1, 2)
)
"""Cells of every magnitude that TFLM computes without an overflow."""


def test_lstm(tmp_path: Path) -> None:
    check((*EDGES, *SCALES), tmp_path)


@pytest.mark.parametrize("kind", sorted(RECURRENT))
def test_the_reference_is_tflms(kind: str) -> None:
    check_against_tflm((*EDGES, *SCALES, *drawn([kind], 20)))


def test_gates_are_what_they_approximate() -> None:
    """Over all of 16 bits, to one part in 2^12; odd, and rising."""
    values = np.arange(-(1 << 15), 1 << 15)
    real = values / (1 << 12)
    assert np.abs(sigmoid(values) / (1 << 15) - 1 / (1 + np.exp(-real))).max() < 2.0**-12
    found = tanh(values, 3, 0)
    assert np.abs(found / (1 << 15) - np.tanh(real)).max() < 2.0**-12
    for each in (sigmoid(values), found):
        assert (np.diff(each) >= 0).all()
