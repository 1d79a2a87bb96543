"""One law for every pass: the meaning of the graph stays, on real models and on generated graphs.

The values of every output are equal, state included; where an edge becomes int8, the float values
are what its codes stand for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.passes.drawn_operators import OPERATORS
from tests.passes.graphs import graphs, inputs_of
from tinygen import passes, tflite
from tinygen.ir import Array, DType, Edge, Graph, Tensor
from tinygen.ops import BY_KIND
from tinygen.proof import interpret

Pass = Callable[[Graph], Graph]
ALL: tuple[Pass, ...] = (*passes.PASSES, passes.simplify, passes.optimize)
_STEPS = 3
"""Inferences in a row, for what state leaves."""

each_pass = pytest.mark.parametrize("transform", ALL, ids=lambda p: p.__name__)
generated = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def meaning(graph: Graph, sequence: Sequence[Sequence[Array]]) -> list[list[Array]]:
    """The outputs of inferences in a row, from a reset on, as real numbers."""
    found, states = [], None
    for inputs in sequence:
        values = interpret.run(graph, inputs, states)
        states = interpret.next_states(graph, values)
        found.append([_real(graph.tensors[i], values[i]) for i in graph.outputs])
    return found


def _real(tensor: Tensor, values: Array) -> Array:
    return Edge.of(tensor).dequantize(values) if tensor.dtype is DType.INT8 else values


def require_same_meaning(before: Graph, after: Graph, seed: int) -> None:
    sequence = [inputs_of(before, seed + step) for step in range(_STEPS)]
    # A pass may let an input begin later, at a tensor that the graph before computes of it.
    given_after = [[interpret.run(before, step)[i] for i in after.inputs] for step in sequence]
    expected = meaning(before, sequence)
    for step, (got, want) in enumerate(zip(meaning(after, given_after), expected, strict=True)):
        for index, (a, b) in enumerate(zip(got, want, strict=True)):
            np.testing.assert_array_equal(a, b, f"output {index} of step {step}", strict=True)


def require_unchanged_and_idempotent(transform: Pass, graph: Graph) -> Graph:
    before = _contents(graph)
    after = transform(graph)
    after.verify()
    assert _contents(graph) == before, "a pass changed the graph that it was given"
    assert _contents(transform(after)) == _contents(after), "a second time changes more"
    return after


def _contents(graph: Graph) -> object:
    tensors = {
        i: (t.name, t.shape, t.dtype, t.quant, None if t.data is None else t.data.tobytes())
        for i, t in graph.tensors.items()
    }
    nodes = tuple((node.op, node.inputs, node.outputs) for node in graph.nodes)
    states = tuple((s.read, s.written, s.initial.tobytes()) for s in graph.states)
    return tensors, nodes, graph.inputs, graph.outputs, states


def _before(transform: Pass) -> Sequence[Pass]:
    """What has been done to a graph before it."""
    if transform is passes.simplify:
        return ()
    if transform is passes.optimize:
        return passes.SIMPLIFICATIONS
    return passes.PASSES[: passes.PASSES.index(transform)]


@each_pass
def test_the_meaning_of_a_model_stays(model: Path, transform: Pass) -> None:
    graph = tflite.read(model.read_bytes(), model.stem)
    for earlier in _before(transform):
        graph = earlier(graph)
    after = require_unchanged_and_idempotent(transform, graph)
    if after is not graph:
        require_same_meaning(graph, after, seed=5)


@each_pass
def test_the_meaning_of_a_generated_graph_stays(transform: Pass) -> None:
    """Passes one after the other: each is given what those before it leave."""

    @generated
    @given(graphs(), st.integers(0, 1 << 16))
    def law(graph: Graph, seed: int) -> None:
        for earlier in _before(transform):
            graph = earlier(graph)
        after = require_unchanged_and_idempotent(transform, graph)
        require_same_meaning(graph, after, seed)

    law()


@generated
@given(graphs())
def test_what_is_simplified_is_ready_to_be_compiled(graph: Graph) -> None:
    after = passes.optimize(passes.simplify(graph))
    assert {after.tensors[i].dtype for i in (*after.inputs, *after.outputs)} == {DType.INT8}
    for node in after.nodes:
        io = after.operands(node)
        assert not node.op.foldable(io)
        assert node.op.lower(io)


def test_a_graph_knows_who_writes_and_who_reads(model: Path) -> None:
    graph = tflite.read(model.read_bytes(), model.stem)
    for tensor_id in graph.tensors:
        writers = (node for node in graph.nodes if tensor_id in node.outputs)
        assert graph.writer(tensor_id) is next(writers, None)
        assert graph.readers(tensor_id) == tuple(n for n in graph.nodes if tensor_id in n.inputs)


_FOLDED = {"BROADCAST_ARGS", "DECODE", "RANGE", "REDUCE_PROD", "ZEROS_LIKE"}
"""Operators that only compute shapes or constants; SHAPE, STRIDED_SLICE and PACK stand for them."""


def test_every_operator_is_drawn() -> None:
    seen: set[str] = set()
    for maker in OPERATORS:

        @settings(generated, max_examples=30, derandomize=True)
        @given(graphs(operators=(maker,)))
        def look(graph: Graph) -> None:
            seen.update(node.op.kind for node in graph.nodes)

        look()
    assert set(BY_KIND) - seen == _FOLDED, "a new operator goes into drawn_operators.py"
