"""The requantization of the kernel set esp32s3 computes the specification's codes: on every host,
where its kernels need a compiler and an emulator that no distribution has."""

from __future__ import annotations

import numpy as np
import pytest

from tests.aot.test_requantize import PLAIN, RELU, every_sum, scale, some
from tinygen.engines.aot.kernel_sets.esp32s3.requantization import Scale, scale_of
from tinygen.engines.aot.requantize import Stairs, exact
from tinygen.ir import Array, Interval
from tinygen.ops.fixed_point import Int64, rounding_divide_by_pot

NONE = np.zeros(1, np.int64)


def codes(found: Scale, products: Array, zero_point: int) -> Int64:
    """Of sums of products [channels, any number], instruction by instruction."""
    if not found.twice:
        return found.codes(products)
    t = 2 * (products + found.addend[:, None])
    assert (np.abs(t) < 1 << 31).all()
    low, high = (t * found.multiplier[:, None]) & 0xFFFFFFFF, t * found.multiplier[:, None] >> 32
    first = high + (low >> 31)
    half = 1 << (found.shift[:, None] - 1)
    second = first + half + (first >> 31) >> found.shift[:, None]
    clipped: Int64 = np.clip(np.clip(second + zero_point, -128, 127), *found.clamp)
    return clipped


def products(found: Scale, there: Stairs, start: Int64) -> tuple[Array, Array]:
    """Every sum of each channel, and what its products come to."""
    sums = every_sum(there)
    return sums, np.where(found.constant[:, None], 0, sums - start[:, None])


@pytest.mark.parametrize("left", [None, 12])
@pytest.mark.parametrize("limits", [RELU, PLAIN, (-128, -128, 20), (3, -5, 90)])
def test_every_sum_has_its_code(limits: tuple[int, int, int], left: int | None) -> None:
    for seed in range(3):
        there = some(limits, seed)
        start = np.random.default_rng(seed).integers(-5000, 5000, there.channels)
        found = scale_of(
            there.scale, Interval.of(there.low, there.high), start.astype(np.int64), left=left
        )
        assert found is not None
        sums, given = products(found, there, start)
        assert (codes(found, given, limits[0]) == exact(sums, there.scale)).all()
        if limits[0] == limits[1] and left is None:
            assert not found.twice


def test_a_channel_with_one_code_takes_no_other_along() -> None:
    """A bias of 2^30 has one code whatever its products come to."""
    low, high = np.array([-9000, (1 << 30) - 9000]), np.array([9000, (1 << 30) + 9000])
    for limits in (RELU, PLAIN):
        requantization = scale(np.array([2.0**-6, 2.0**-7]), limits)
        start = np.array([0, 1 << 30], np.int64)
        found = scale_of(requantization, Interval.of(low, high), start)
        assert found is not None
        assert found.constant.tolist() == [False, True]
        given = np.array([[-9000, 0, 77, 9000], [0, 0, 0, 0]], np.int64)
        expected = exact(given + start[:, None], requantization)
        assert (codes(found, given, limits[0]) == expected).all()


def test_sums_that_may_wrap_are_refused() -> None:
    requantization, ends = scale(np.array([2.0**-24]), PLAIN), np.array([(1 << 31) - 1])
    assert scale_of(requantization, Interval.of(-ends, ends), NONE) is None


def test_the_second_rounding_is_the_specification_s() -> None:
    values = np.arange(-70, 71)
    for shift in range(1, 7):
        here = values + (1 << shift >> 1) + (values >> 31) >> shift
        assert (here == rounding_divide_by_pot(values.astype(np.int64), shift)).all()
