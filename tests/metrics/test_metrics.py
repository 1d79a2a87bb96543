"""Metrics on chosen numbers, and the traps: int8 overflow, zero arrays, equal arrays."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from tinygen.proof import metrics

ALL: list[Callable[..., float]] = [
    metrics.mismatched_elements,
    metrics.max_abs_diff,
    metrics.rmse,
    metrics.mae,
    metrics.relative_l2,
    metrics.sqnr_db,
    metrics.cosine,
    metrics.argmax_agreement,
]


def test_int8_extremes_do_not_wrap() -> None:
    low, high = np.array([-128], np.int8), np.array([127], np.int8)
    assert metrics.max_abs_diff(low, high) == 255
    assert isinstance(metrics.max_abs_diff(low, high), int)
    assert metrics.mae(low, high) == metrics.rmse(low, high) == 255.0
    assert metrics.max_abs_diff(np.array([0], np.uint8), np.array([255], np.uint8)) == 255
    assert metrics.cosine(np.full(9, -128, np.int8), np.full(9, 127, np.int8)) == -1.0


def test_opposite_errors_do_not_cancel() -> None:
    reference, actual = np.zeros(2), np.array([5.0, -5.0])
    assert metrics.mae(reference, actual) == 5.0
    assert metrics.rmse(reference, actual) == 5.0
    assert metrics.max_abs_diff(reference, actual) == 5.0


def test_chosen_numbers() -> None:
    reference, actual = np.array([3.0, 4.0]), np.array([3.0, 4.5])
    assert metrics.relative_l2(reference, actual) == pytest.approx(0.1)
    assert metrics.sqnr_db(reference, actual) == pytest.approx(20.0)
    assert metrics.mismatched_elements(reference, actual) == 1
    assert metrics.rmse(reference, actual) == pytest.approx(math.sqrt(0.125))
    assert metrics.cosine([1.0, 0.0], [1.0, 1.0]) == pytest.approx(math.sqrt(0.5))


def test_equal_arrays() -> None:
    values = np.arange(-4, 4, dtype=np.int8).reshape(2, 4)
    assert metrics.mismatched_elements(values, values) == 0
    assert metrics.max_abs_diff(values, values) == 0
    assert metrics.sqnr_db(values, values) == math.inf
    assert metrics.relative_l2(values, values) == 0.0
    assert metrics.cosine(values, values) == pytest.approx(1.0)
    assert metrics.argmax_agreement(values, values) == 1.0


def test_zero_arrays() -> None:
    zero, one = np.zeros(3), np.ones(3)
    assert metrics.sqnr_db(zero, zero) == math.inf
    assert metrics.sqnr_db(zero, one) == -math.inf
    assert metrics.relative_l2(zero, zero) == 0.0
    assert metrics.relative_l2(zero, one) == math.inf
    assert metrics.cosine(zero, zero) == 1.0
    assert metrics.cosine(zero, one) == metrics.cosine(one, zero) == 0.0


def test_not_finite() -> None:
    nan, inf = np.array([np.nan, np.inf]), np.array([np.nan, 1.0])
    assert metrics.mismatched_elements(nan, nan) == 0
    assert metrics.mismatched_elements(nan, inf) == 1
    assert metrics.max_abs_diff([np.inf], [np.inf]) == 0.0
    assert metrics.max_abs_diff([np.inf], [1.0]) == math.inf
    assert math.isnan(metrics.max_abs_diff([np.nan], [1.0]))


def test_argmax_takes_the_first_of_equals_per_sample() -> None:
    reference = np.array([[1, 5, 5], [0, 0, 9]], np.int8)
    actual = np.array([[1, 5, 2], [0, 9, 0]], np.int8)
    assert metrics.argmax_agreement(reference, actual) == 0.5


def test_large_integers_and_mixed_types() -> None:
    assert metrics.max_abs_diff(np.array([2**63], np.uint64), np.array([0], np.uint64)) == 2.0**63
    assert metrics.mismatched_elements(np.array([1], np.int8), np.array([1.0])) == 0
    assert metrics.mismatched_elements(np.array([True]), np.array([False])) == 1


@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.__name__)
def test_shapes_must_agree_and_hold_something(metric: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match="shapes differ"):
        metric(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="empty"):
        metric(np.zeros(0), np.zeros(0))
