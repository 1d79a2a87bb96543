"""An LSTM whose cell never left ±1/2 was refused: its scale is 2^-16, which TFLM computes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.drawn_recurrent import lstm
from tinygen.errors import UnsupportedModel


@pytest.mark.parametrize("power", [-30, -16, 2])
def test_compiled(power: int) -> None:
    assert lstm(np.random.default_rng(1), 1, 2, 3, power=power).lowered


@pytest.mark.parametrize("power", [-31, 3])
def test_refused_where_a_product_overflows(power: int) -> None:
    with pytest.raises(UnsupportedModel, match="whose cell has the scale"):
        _ = lstm(np.random.default_rng(1), 1, 2, 3, power=power).lowered
