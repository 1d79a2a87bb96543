"""TRANSPOSE of a scalar became a row of one on the host; the next layer ended in a traceback.

A mean over every dimension gives a scalar, which numpy's `ascontiguousarray` takes for a row.
"""

from __future__ import annotations

import numpy as np

from tests.ops.harness import case, int8, int32
from tinygen.ops.transpose import Transpose


def test_it_stays_a_scalar() -> None:
    one = case(Transpose(), [int8((), 0.1), int32(np.zeros(0))], [int8((), 0.1)])
    for (outcome,), (value, _) in zip(one.expected, one.vectors, strict=True):
        assert outcome.shape == ()
        assert outcome == value
