"""`build` showed 49 dB and `verify` 26 dB for one firmware: the latter was over edge and random
inputs too, as a footnote said.
"""

from __future__ import annotations

import numpy as np
import pytest

from tinygen.ir import DType, Edge
from tinygen.proof.fidelity import fidelity
from tinygen.proof.vectors import Vectors
from tinygen.proof.verdict import compare

EDGE = Edge("scores", (1, 4), DType.INT8, 0.1, 3, (), None)
ORIGINS = ("data",) * 6 + ("edge: all 127",) * 2 + ("random",) * 4


@pytest.fixture
def vectors() -> Vectors:
    """Near the float model on the data, far from it elsewhere."""
    rng = np.random.default_rng(0)
    expected = rng.integers(-128, 128, (12, 1, 4)).astype(np.int8)
    real = EDGE.dequantize(expected)
    real[:6] += 0.01
    real[6:] += 3.0
    return Vectors(
        (expected,), (expected,), "oracle", ORIGINS, np.full(12, -1), real_outputs=(real,)
    )


def test_one_figure_for_one_firmware(vectors: Vectors) -> None:
    (built,) = fidelity([EDGE], vectors, "int8")
    (verified,) = compare([EDGE], vectors, vectors.expected)
    assert verified.float_model == built.distance
    assert verified.float_vectors == built.samples == 6
    assert verified.float_model is not None
    assert verified.float_model.sqnr_db > 40


def test_the_other_figure_stands_apart(vectors: Vectors) -> None:
    (verified,) = compare([EDGE], vectors, vectors.expected)
    assert verified.float_model_made is not None
    assert verified.float_model_made.sqnr_db < 15


def test_what_was_not_run_has_no_figure(vectors: Vectors) -> None:
    (few,) = compare([EDGE], vectors, [vectors.expected[0][:5]])
    assert few.float_vectors == 5
    assert few.float_model_made is None
