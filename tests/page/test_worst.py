"""Which vectors are to be looked at first."""

from __future__ import annotations

import numpy as np

from tinygen.ir import DType, Edge
from tinygen.proof.vectors import Vectors
from tinygen.proof.worst import worst

_EDGE = Edge("scores", (1, 3), DType.INT8, 0.1, 0, (), None)


def test_wrong_before_missed_before_far() -> None:
    expected = np.array([[[9, 1, 0]], [[9, 1, 0]], [[0, 9, 1]], [[1, 0, 9]], [[1, 0, 9]]], np.int8)
    device = expected.copy()
    device[3, 0, 0] = -1
    real = (expected * 0.1).astype(np.float32)
    real[1] += 0.3
    real[4] += 5.0
    checks = Vectors(
        inputs=(expected,),
        expected=(expected,),
        oracle="o",
        origins=("test", "test", "test", "data", "random"),
        labels=np.array([0, 0, 0, 2, -1]),
        real_outputs=(real,),
    )
    found = worst([_EDGE], checks, [device], most=3)
    assert [one.vector for one in found] == [3, 2, 1]
    wrong, missed, far = found
    assert (wrong.mismatched_elements, wrong.max_abs_diff_lsb) == (1, 2)
    np.testing.assert_allclose(wrong.device, [-0.1, 0.0, 0.9])
    assert (missed.missed_label, missed.mismatched_elements) == (True, 0)
    assert far.float_rmse is not None
    np.testing.assert_allclose(far.float_rmse, 0.3, rtol=1e-5)
    assert worst([_EDGE], checks, [device], most=1) == found[:1]


def test_nothing_wrong_is_nothing_to_look_at() -> None:
    values = np.zeros((4, 1, 3), np.int8)
    checks = Vectors((values,), (values,), "o", ("random",) * 4, np.full(4, -1))
    assert worst([_EDGE], checks, [values]) == ()
