"""States in the C of the engine aot: left in place where that can be, carried over else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import host_program
from tests.ir.test_states import OUT, START, SUM, X, Y, summing
from tests.state.models import FEATURES, FRAMES, streaming
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.engines.aot.carried import carried
from tinygen.engines.aot.program import Program
from tinygen.ir import DType, Graph, Node, Quant, State, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.project.library import SOURCES
from tinygen.proof import oracle

Q = Quant((0.5,), (0,))


def _delay() -> Graph:
    """Two variables that hand on: y = x + b; a becomes x, b becomes what a was."""
    tensors = {i: Tensor(i, name, (4,), DType.INT8, Q) for i, name in enumerate("xaby")}
    nodes = (Node(Add(Activation.NONE), (0, 2), (3,)),)
    first = np.arange(4, dtype=np.int8)
    return Graph("delay", tensors, nodes, (0,), (3,), (State(1, 0, first), State(2, 1, -first)))


def _swap() -> Graph:
    """Two variables that change places, of which the first is the output too; y = x + a."""
    graph = _delay()
    a, b = (np.full(4, n, np.int8) for n in (3, -5))
    nodes = (Node(Add(Activation.NONE), (0, 1), (3,)),)
    return Graph("swap", graph.tensors, nodes, (0,), (1, 3), (State(1, 2, a), State(2, 1, b)))


def _same() -> Graph:
    """Two variables that become one thing; the output is it."""
    graph = _delay()
    first = np.array([1, 2, 3, 4], np.int8)
    tensors = {**graph.tensors, 4: Tensor(4, "z", (4,), DType.INT8, Q)}
    sums = (Add(Activation.NONE), (1, 2), (3,)), (Add(Activation.NONE), (0, 3), (4,))
    nodes = tuple(Node(*one) for one in sums)
    return Graph("same", tensors, nodes, (0,), (4,), (State(1, 4, first), State(2, 4, first)))


def _run(program: Program, graph: Graph, folder: Path, steps: int = 12) -> None:
    shape = graph.tensors[graph.inputs[0]].shape
    inputs = np.random.default_rng(1).integers(-20, 20, (steps, *shape)).astype(np.int8)
    host_program.write(program, folder)
    got = host_program.run(folder, inputs)
    rows = oracle.reference(graph, [inputs], np.arange(steps) == 0)
    expected = np.stack([row[0].reshape(-1) for row in rows])
    assert np.array_equal(got, expected)
    assert len(np.unique(expected, axis=0)) > 1


@pytest.mark.parametrize("make", [summing, _delay, _swap, _same], ids=lambda make: make.__name__)
def test_c_carries_states_over(make: object, tmp_path: Path) -> None:
    graph = make()  # type: ignore[operator]
    graph.verify()
    _run(aot.compile_graph(graph), graph, tmp_path)


def test_a_stream_is_left_in_place(tmp_path: Path) -> None:
    graph = passes.optimize(passes.simplify(tflite.read(streaming(), "stream")))
    program = aot.compile_graph(graph)
    assert [state.left for state in carried(program.graph, program.plan)] == [None, None]
    _run(program, graph, tmp_path)
    text = (tmp_path / SOURCES / "model.c").read_text()
    assert "What the next inference finds" not in text
    assert FRAMES * FEATURES + sum(s.initial.size for s in graph.states) <= program.plan.arena_bytes


def test_a_state_is_carried_over_unless_it_was_computed_in_place() -> None:
    program = aot.compile_graph(summing())
    (state,) = carried(program.graph, program.plan)
    computed = program.plan.offsets[Y]
    assert state.left == (None if computed == state.offset else computed)
    assert state.fill is None
    assert np.array_equal(state.initial, START)
    assert {SUM, X, Y, OUT} <= program.graph.tensors.keys()
