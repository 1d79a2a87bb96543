"""The law of the facts: every value lies in its interval, and every exact sum in its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ops import (
    test_op_borders,
    test_op_conv_2d,
    test_op_copies,
    test_op_depthwise_conv_2d,
    test_op_elementwise,
    test_op_fully_connected,
    test_op_functions,
    test_op_lookup,
    test_op_mean,
    test_op_moves,
    test_op_pairs,
    test_op_pool_2d,
    test_op_products,
    test_op_reductions,
    test_op_softmax,
    test_op_sums,
)
from tests.ops.drawn import DRAWN, drawn
from tests.ops.harness import Case, int8, random_array
from tests.passes.graphs import graphs, inputs_of
from tinygen import passes, tflite
from tinygen.analysis import facts
from tinygen.ir import ABSENT, Array, DType, Given, Graph, Interval, Operands, Tensor, Values
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.mul import Mul
from tinygen.ops.spatial import Padding
from tinygen.ops.weighted import Weighted
from tinygen.proof import interpret


def require_law(graph: Graph, inputs: list[Array], states: list[Array] | None = None) -> None:
    found = facts(graph)
    values = interpret.run(graph, inputs, states)
    for tensor_id, value in values.items():
        if graph.tensors[tensor_id].dtype.integer:
            where = f"{graph.tensors[tensor_id].name}"
            assert found.ranges[tensor_id].holds(value), where
    for node in graph.nodes:
        taken = Values([None if i == ABSENT else values[i] for i in node.inputs])
        io = graph.operands(node)
        sums = node.op.sums(io, taken)
        # Of weights that are data nothing is known beforehand.
        live = isinstance(node.op, FullyConnected) and not io.input(1).constant
        bounded = node.outputs[0] in found.accumulators
        assert bounded == (sums is not None and not live)
        if bounded:
            assert sums is not None
            assert found.accumulators[node.outputs[0]].holds(sums), node.op.kind


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(graphs(), st.integers(0, 1 << 16))
def test_generated_graphs_keep_the_law(graph: Graph, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for step in range(4):
        states = [random_array(s.initial.shape, DType.INT8, rng) for s in graph.states]
        require_law(graph, inputs_of(graph, seed + step), states)


def test_models_keep_the_law(model: Path) -> None:
    graph = _simplified(model)
    for seed in range(3):
        require_law(graph, inputs_of(graph, seed))


def _simplified(model: Path) -> Graph:
    return passes.simplify(tflite.read(model.read_bytes(), model.stem))


def _every_case() -> Iterable[Case]:
    """The cases of the operators' own tests, with their extreme biases, scales and windows."""
    yield from (*test_op_conv_2d.EDGES, *test_op_conv_2d.RANDOM)
    yield from (*test_op_depthwise_conv_2d.EDGES, *test_op_depthwise_conv_2d.RANDOM)
    yield from (*test_op_fully_connected.EDGES, *test_op_fully_connected.RANDOM)
    yield from test_op_pool_2d.CASES
    yield from test_op_mean.CASES
    yield from (*test_op_moves.EDGES, *test_op_moves.RENAMES)
    yield from (*test_op_functions.EDGES, *test_op_functions.OF_LITERT)
    yield from (*test_op_pairs.EDGES, *test_op_reductions.EDGES, *test_op_products.EDGES)
    yield from test_op_sums.EDGES
    yield from (*test_op_copies.EDGES, *test_op_copies.OF_LITERT, *drawn(tuple(DRAWN), 3))
    yield from (*test_op_lookup.EDGES, *test_op_lookup.random_cases(5), *test_op_softmax.EDGES)
    yield from (*test_op_elementwise.edge_cases(), *test_op_elementwise.random_cases(10))
    wraps = ((100.0, 0), (100.0, 0), (1e-4, 0))  # a product of codes is shifted past int32
    yield test_op_elementwise.every_pair(Mul, *wraps)
    for kind in test_op_borders.CONVOLUTIONS:
        for border in test_op_borders.BORDERS:
            yield test_op_borders.convolution(kind, border)


def _whole(one: Case) -> Given[Interval]:
    """All that the inputs' types have, and what the constants are."""
    return Given([None if t is None else _of_tensor(t) for t in one.io.inputs])


def _of_tensor(tensor: Tensor) -> Interval:
    if tensor.data is None:
        return Interval.of_type(tensor.dtype)
    return Interval.of_values(tensor.data)


def _narrow(one: Case, rng: np.random.Generator) -> Given[Interval]:
    """Random intervals, channel by channel."""
    intervals: list[Interval | None] = []
    for tensor in one.io.inputs:
        if tensor is None or tensor.constant or not tensor.dtype.integer:
            intervals.append(None if tensor is None else _of_tensor(tensor))
            continue
        low, high = tensor.dtype.low, tensor.dtype.high
        ends = rng.integers(low, high, (2, *tensor.shape[-1:]), endpoint=True)
        intervals.append(Interval.of(ends.min(axis=0), ends.max(axis=0)))
    return Given(intervals)


def _into(vector: tuple[Array | None, ...], inputs: Given[Interval]) -> list[Array | None]:
    """The vector's values moved into the intervals."""
    moved: list[Array | None] = []
    for i, array in enumerate(vector):
        interval = inputs.optional(i)
        if array is None or interval is None or array.dtype.kind not in "iu":
            moved.append(array)
        else:
            moved.append(np.clip(array, interval.low, interval.high).astype(array.dtype))
    return moved


@pytest.mark.parametrize("seed", [None, 0, 1, 2], ids=lambda s: "types" if s is None else f"{s}")
def test_every_case_of_an_operator_keeps_the_law(seed: int | None) -> None:
    tested = 0
    rng = np.random.default_rng(seed)
    for one in _every_case():
        if any(t.dtype is DType.FLOAT32 for t in one.io.outputs):
            continue
        inputs = _whole(one) if seed is None else _narrow(one, rng)
        found = one.op.ranges(one.io, inputs)
        sums = one.op.accumulators(one.io, inputs)
        for vector in one.vectors:
            values = _into(vector, inputs)
            for interval, value in zip(found, one.op.reference(one.io, values), strict=True):
                assert interval.holds(value), one.name
            if sums is not None:
                exact = one.op.sums(one.io, Values(values))
                assert exact is not None
                assert sums.holds(exact), one.name
        tested += 1
    assert tested > 300


@pytest.mark.parametrize(
    "one",
    [
        test_op_conv_2d.conv("valid", (4, 4, 2), 3, (2, 3), padding=Padding.VALID),
        test_op_conv_2d.conv("same", (4, 3, 2), 3, zero_points=(-128, 0)),
        test_op_conv_2d.conv("dilated", (4, 3, 1), 2, dilation=(3, 2), zero_points=(127, 0)),
        test_op_conv_2d.conv("grouped", (3, 3, 4), 4, (2, 2), (2, 2), groups=2),
        test_op_depthwise_conv_2d.depthwise("same", (4, 3, 2), 2, zero_points=(90, 0)),
    ],
    ids=lambda c: c.name,
)
def test_accumulators_are_exact(one: Case) -> None:
    """Each end is reached: by the input whose every value has the sign that a weight asks for."""
    assert isinstance(one.op, Weighted)
    found = one.op.accumulators(one.io, _whole(one))
    assert found is not None
    image, weights, bias = one.io.inputs
    assert image is not None
    values = [None if t is None else t.data for t in (weights, bias)]
    least, greatest = _reached(one.op, one.io, values)
    np.testing.assert_array_equal(found.low, least)
    np.testing.assert_array_equal(found.high, greatest)


def _reached(op: Weighted, io: Operands, constants: list[Array | None]) -> tuple[Array, Array]:
    """The least and the greatest sum of each channel over the windows, by trying: a sum is linear
    in every input, so how it changes with one says which end of the range it wants."""
    source = io.input(0)
    zero = np.full(source.shape, source.q.zero_point, np.int64)

    def sums(image: Array) -> Array:
        exact = op.sums(io, Values([image, *constants]))
        return exact.reshape(-1, exact.shape[-1])

    base = sums(zero)
    low = high = base
    for index in np.ndindex(source.shape):
        one = zero.copy()
        one[index] += 1
        weight = sums(one) - base
        ends = [weight * (end - source.q.zero_point) for end in (-128, 127)]
        low, high = low + np.minimum(*ends), high + np.maximum(*ends)
    return low.min(axis=0), high.max(axis=0)


def _magnitudes(graph: Graph) -> tuple[Array, Array]:
    """The greatest sum of each channel of every layer with weights, and whether these are 0."""
    found = facts(graph)
    magnitudes, zeros = [], []
    for node in graph.nodes:
        if isinstance(node.op, Weighted):
            weights = graph.operands(node).constant(1)
            rows = np.moveaxis(weights, node.op.channel_axis, 0)
            zeros.append((rows.reshape(len(rows), -1) == 0).all(axis=1))
            magnitudes.append(found.accumulators[node.outputs[0]].magnitude)
    return np.concatenate(magnitudes), np.concatenate(zeros)


def test_how_large_the_sums_of_the_benchmark_models_are(models: Path) -> None:
    names = ("kws_ref_model", "pretrainedResnet_quant", "ad01_int8")
    small = [_magnitudes(_simplified(models / f"{name}.tflite")) for name in names]
    assert sum(magnitudes.size for magnitudes, _ in small) == 2606
    assert max(magnitudes.max() for magnitudes, _ in small) < 1 << 22
    magnitudes, zeros = _magnitudes(_simplified(models / "vww_96_int8.tflite"))
    assert (magnitudes.size, int(zeros.sum())) == (2738, 971)
    assert int((magnitudes[zeros] >= 1 << 30).sum()) == 666
    assert magnitudes[~zeros].max() < 2**26.6


def test_intervals() -> None:
    pair = Interval.of(np.array([-3, 0]), np.array([5, 1]))
    assert pair.magnitude.tolist() == [5, 1]
    assert pair.holds(np.array([[5, 1], [-3, 0]]))
    assert not pair.holds(np.array([[5, 2]]))
    assert [int(end) for end in (pair.whole().low, pair.whole().high)] == [-3, 5]
    assert pair.regrouped(4).low.tolist() == [-3, 0, -3, 0]
    assert pair.regrouped(4).regrouped(2).high.tolist() == [5, 1]
    assert pair.regrouped(3).low.tolist() == -3
    assert pair.clipped(-1, 3).high.tolist() == [3, 1]
    assert pair.union(Interval.of(-4, 2)).low.tolist() == [-4, -4]
    assert Interval.of_type(DType.UINT8).high == 255
    assert Interval.of_values(np.array(7, np.int8)).low.tolist() == 7


def test_weights_that_are_not_constant_say_nothing_of_the_sums() -> None:
    io = Operands((int8((1, 2)), int8((3, 2)), None), (int8((1, 3)),))
    op = FullyConnected()
    inputs = Given([Interval.of_type(DType.INT8)] * 2)
    assert op.accumulators(io, inputs) is None
    (codes,) = op.ranges(io, inputs)
    assert [int(end) for end in (codes.low, codes.high)] == [-128, 127]
