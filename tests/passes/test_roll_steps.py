"""Equal steps become one that is repeated; what differs in any of them stays as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import host_program
from tests.passes.graphs import inputs_of
from tests.passes.test_laws import require_same_meaning, require_unchanged_and_idempotent
from tests.passes.unrolled import FEATURES, SHOWN, UNITS, Unrolled, layer
from tests.plan.test_plan_law import require_whole
from tinygen.engines import aot
from tinygen.ir import Graph
from tinygen.ops.repeat import Part, Repeat
from tinygen.passes import optimize, roll_steps
from tinygen.proof import interpret


def _repeat(graph: Graph) -> Repeat:
    (op,) = (node.op for node in graph.nodes if isinstance(node.op, Repeat))
    return op


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("every", [False, True])
def test_a_layer_is_one_step(backwards: bool, constant: bool, every: bool, tmp_path: Path) -> None:
    graph = layer(6, backwards=backwards, every=every, constant=constant)
    rolled = require_unchanged_and_idempotent(roll_steps, graph)
    require_same_meaning(graph, rolled, seed=3)
    op = _repeat(rolled)
    assert op.steps == 6
    assert len(op.body.nodes) == 5
    part = Part(5 * FEATURES, -FEATURES) if backwards else Part(0, FEATURES)
    assert sorted(p is None for p in op.parts) == [False, True]
    assert part in op.parts
    assert op.every == (every,)
    if every:  # all of it is what PACK made, and one step is taken out of it
        kinds = [node.op.kind for node in rolled.nodes]
        assert kinds == ["UNPACK", "FULLY_CONNECTED", "REPEAT", "RESHAPE", "UNPACK"]
    program = aot.compile_graph(rolled)
    require_whole(program)
    (loop,) = (one for one in program.layers if one.is_loop)
    assert len(loop.unrolled) == 5
    _require_the_same_in_c(graph, program, tmp_path)


def _require_the_same_in_c(graph: Graph, program: aot.Program, folder: Path) -> None:
    """Inferences in a row, with what each leaves for the next."""
    host_program.write(program, folder)
    sequence = [inputs_of(graph, seed) for seed in range(4)]
    found = host_program.run(folder, np.stack([inputs[0] for inputs in sequence]))
    states = None
    for inputs, output in zip(sequence, found, strict=True):
        values = interpret.run(graph, inputs, states)
        states = interpret.next_states(graph, values)
        np.testing.assert_array_equal(values[graph.outputs[0]].reshape(-1), output)


@pytest.mark.parametrize("odd", [0, 5])
def test_the_first_and_the_last_step_may_be_another_one(odd: int) -> None:
    graph = layer(6, odd=odd)
    rolled = roll_steps(graph)
    assert _repeat(rolled).steps == 5
    require_same_meaning(graph, rolled, seed=4)


def test_steps_that_are_not_equal_stay() -> None:
    graph = layer(6, odd=3)
    assert roll_steps(graph) is graph


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_few_steps_stay(steps: int) -> None:
    graph = layer(steps)
    assert roll_steps(graph) is graph


def test_two_layers_stay_two() -> None:
    """Of one input and of states that start alike: their weights are others."""
    b = Unrolled(6)
    told = []
    for _ in range(2):
        b.own_weights = b.constant((UNITS, UNITS))
        hidden = b.tensor((1, UNITS), SHOWN, np.zeros((1, UNITS), np.int8))
        for row in b.rows:
            hidden = b.step(row, hidden)
        told.append(hidden)
    graph = b.graph(told)
    rolled = optimize(roll_steps(graph))
    assert [node.op.kind for node in rolled.nodes].count("REPEAT") == 2
    require_same_meaning(graph, rolled, seed=3)


def test_a_step_knows_its_macs_and_parameters() -> None:
    rolled = roll_steps(layer(6))
    (node,) = (node for node in rolled.nodes if isinstance(node.op, Repeat))
    assert node.op.macs(rolled.operands(node)) == 6 * UNITS * (FEATURES + UNITS)
    assert aot.parameters(rolled) >= UNITS * (FEATURES + UNITS)
