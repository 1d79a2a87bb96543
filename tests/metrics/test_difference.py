"""What a tensor that is wrong is like, and where: one fault of each kind."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tinygen.ir import Array
from tinygen.proof.difference import SUGGESTS, Like, difference

SHAPE = (1, 6, 5, 8)
TRUTH = np.random.default_rng(5).integers(-90, 90, SHAPE).astype(np.int8)


def one_too_high(values: Array) -> Array:
    values[0, 2, 3, 4] += 1
    return values


def two_lsb_in_a_channel(values: Array) -> Array:
    values[..., 6] += np.int8(2) * (np.arange(30).reshape(1, 6, 5) % 2 == 0)
    return values


def saturated(values: Array) -> Array:
    return np.where(values > 40, 127, values).astype(np.int8)


def another_zero_point(values: Array) -> Array:
    return (values + 17).astype(np.int8)


def a_row_further(values: Array) -> Array:
    return np.roll(values.reshape(-1), 8).reshape(SHAPE)


def channels_first(values: Array) -> Array:
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2)).reshape(SHAPE)


def nothing(values: Array) -> Array:
    return np.zeros_like(values)


def half(values: Array) -> Array:
    values[:, 3:] = -1
    return values


def scaled(values: Array) -> Array:
    return np.clip(np.round(values * 0.6), -128, 127).astype(np.int8)


def noise(values: Array) -> Array:
    return np.random.default_rng(6).integers(-90, 90, values.shape).astype(np.int8)


@pytest.mark.parametrize(
    ("fault", "like", "where"),
    [
        (one_too_high, Like.OFF_BY_ONE, "row 2 of 6, column 3 of 5, channel 4 of 8"),
        (two_lsb_in_a_channel, Like.ROUNDING, "channel 6 of 8"),
        (saturated, Like.SATURATED, "everywhere"),
        (another_zero_point, Like.OFFSET, "everywhere"),
        (a_row_further, Like.SHIFTED, "everywhere"),
        (channels_first, Like.REORDERED, "everywhere"),
        (nothing, Like.NOT_WRITTEN, "everywhere"),
        (half, Like.NOT_WRITTEN, "row 3 to 5 of 6"),
        (scaled, Like.SCALED, "everywhere"),
        (noise, Like.GARBAGE, "everywhere"),
    ],
)
def test_each_kind(fault: Callable[[Array], Array], like: Like, where: str) -> None:
    device = fault(TRUTH.copy())
    found = difference(TRUTH, device)
    assert found is not None
    assert (found.like, found.where) == (like, where)
    assert found.wrong == int((device != TRUTH).sum())
    assert found.expected == TRUTH[found.first] != device[found.first] == found.device
    assert found.suggests == SUGGESTS[like]


def test_what_there_is_to_say_of_each() -> None:
    assert difference(TRUTH, TRUTH.copy()) is None
    shifted = difference(TRUTH, a_row_further(TRUTH.copy()))
    assert shifted is not None
    assert shifted.detail == "by +8 elements"
    offset = difference(TRUTH, another_zero_point(TRUTH.copy()))
    assert offset is not None
    assert (offset.detail, offset.mean) == ("by +17 wherever it is wrong", 17.0)


def test_reals_and_what_is_no_number() -> None:
    truth = np.linspace(-1, 1, 40, dtype=np.float32).reshape(1, 40)
    device = truth.copy()
    device[0, 7] = np.nan
    found = difference(truth, device)
    assert found is not None
    assert (found.wrong, found.first, found.device) == (1, (0, 7), None)
    assert found.largest is None
    same = np.full((1, 3), np.nan, np.float32)
    assert difference(same, same.copy()) is None


def test_booleans_and_one_element() -> None:
    found = difference(np.array([True]), np.array([False]))
    assert found is not None
    assert (found.like, found.wrong) == (Like.OFF_BY_ONE, 1)
