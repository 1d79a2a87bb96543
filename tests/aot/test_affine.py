"""Requantization by one affine floor: the specification's codes, for every sum, on either core."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.aot.test_requantize import PLAIN, RELU, every_sum, scale, some
from tinygen import passes, tflite
from tinygen.analysis import facts
from tinygen.engines.aot.requantize import exact, stairs
from tinygen.engines.aot.requantize.affine import affine
from tinygen.ir import Interval
from tinygen.ops.weighted import Weighted


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("codes", [RELU, PLAIN, (-128, -128, 20), (-100, -100, 127), (3, -5, 90)])
def test_it_is_exact_for_every_sum(codes: tuple[int, int, int], wide: bool) -> None:
    solved = 0
    for seed in range(8):
        there = some(codes, seed)
        found = affine(there, wide)
        if found is not None:
            solved += 1
            sums = every_sum(there)
            assert (found.apply(sums) == exact(sums, there.scale)).all()
    assert solved == 8


def test_sums_below_zero_fall_where_they_are_not_clamped() -> None:
    for codes, words in ((RELU, 3), (PLAIN, 5)):
        there = stairs(scale(np.array([0.004, 0.0051]), codes), Interval.of(-50000, 60000), 2)
        assert there is not None
        found = affine(there, wide=False)
        assert found is not None
        assert found.falls == (words == 5)
        assert found.numbers.shape == (2, words)


def test_constant_channels_are_constant_whatever_their_sums() -> None:
    ends = Interval.of(np.array([1 << 30, -500]), np.array([(1 << 30) + 5, 500]))
    there = stairs(scale(np.array([0.01, 0.3])), ends, 2)
    assert there is not None
    found = affine(there, wide=False)
    assert found is not None
    sums = np.array([[1 << 30, (1 << 30) + 5], [-500, 500]])
    assert (found.apply(sums) == exact(sums, there.scale)).all()


def test_an_activation_that_lets_one_code_through() -> None:
    there = stairs(scale(np.array([0.3]), (0, 5, 5)), Interval.of(-100, 100), 1)
    assert there is not None
    found = affine(there, wide=True)
    assert found is not None
    assert (found.apply(np.array([[-100, 0, 100]])) == 5).all()


def test_sums_that_do_not_fit_are_refused() -> None:
    there = stairs(scale(np.array([1e-6])), Interval.of(-(1 << 30), (1 << 30) + 4), 1)
    assert there is not None
    assert affine(there, wide=False) is None


@pytest.mark.parametrize("wide", [False, True])
def test_every_layer_of_the_benchmark_has_one(models: Path, wide: bool) -> None:
    for name in ("kws_ref_model", "pretrainedResnet_quant", "vww_96_int8", "ad01_int8"):
        graph = passes.simplify(tflite.read((models / f"{name}.tflite").read_bytes(), name))
        known = facts(graph)
        for node in graph.nodes:
            if isinstance(node.op, Weighted):
                io = graph.operands(node)
                channels = io.constant(1).shape[node.op.channel_axis]
                sums = known.accumulators[node.outputs[0]]
                there = stairs(node.op.requantization(io), sums, channels)
                assert there is not None
                found = affine(there, wide)
                assert found is not None
                rng = np.random.default_rng(0)
                drawn = rng.integers(there.low, there.high, (2000, channels), endpoint=True).T
                assert (found.apply(drawn) == exact(drawn, there.scale)).all()
