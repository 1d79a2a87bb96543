"""State: a pair of tensors, read when an inference starts and written by its end."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tinygen.engines import aot
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Graph, Node, Quant, State, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.relu import Relu
from tinygen.passes import simplify
from tinygen.passes.remove_dead import remove_dead
from tinygen.proof.interpret import next_states, run

X, SUM, Y, OUT, SPARE = range(5)
Q = Quant((0.5,), (0,))
START = np.array([1, 2, 3], np.int8)


def summing(*, spare: bool = False, initial: Array = START) -> Graph:
    """y = x + sum; sum becomes y; the output is relu(y). `spare`: a state that nobody reads."""
    tensors = {i: Tensor(i, name, (3,), DType.INT8, Q) for i, name in enumerate("xsyot")}
    nodes = [Node(Add(Activation.NONE), (X, SUM), (Y,)), Node(Relu(), (Y,), (OUT,))]
    states: tuple[State, ...] = (State(SUM, Y, initial),)
    if spare:
        states += (State(SPARE, OUT, initial),)
    else:
        del tensors[SPARE]
    return Graph("sum", tensors, tuple(nodes), (X,), (OUT,), states)


def outputs(graph: Graph, inputs: list[Array]) -> list[list[int]]:
    found, states = [], None
    for value in inputs:
        values = run(graph, [value], states)
        found.append(values[OUT].tolist())
        states = next_states(graph, values)
    return found


STEPS = [np.array(v, np.int8) for v in ([1, 1, 1], [-9, 0, 1], [2, 2, 2])]


def test_a_run_takes_and_gives_state() -> None:
    graph = summing()
    graph.verify()
    assert outputs(graph, STEPS) == [[2, 3, 4], [0, 3, 5], [0, 5, 7]]
    assert outputs(graph, STEPS[2:]) == [[3, 4, 5]]  # a reset is a run without states
    with pytest.raises(ValueError, match="state 's'"):
        run(graph, STEPS[:1], [np.zeros(4, np.int8)])
    with pytest.raises(ValueError, match="shorter"):
        run(graph, STEPS[:1], [])


def test_passes_keep_the_states_that_outputs_need() -> None:
    graph = simplify(summing(spare=True))
    assert [state.read for state in graph.states] == [SUM]
    assert SPARE not in graph.tensors
    assert outputs(graph, STEPS) == outputs(summing(), STEPS)


def test_what_only_a_state_needs_is_kept() -> None:
    """The output is a state, and only the next one depends on what it becomes."""
    graph = summing()
    late = replace(graph, nodes=(graph.nodes[0],), outputs=(SUM,))
    kept = remove_dead(late)
    kept.verify()
    assert len(kept.nodes) == 1
    assert set(kept.tensors) == {X, SUM, Y}


def test_the_plan_keeps_a_state_from_one_inference_to_the_next() -> None:
    program = aot.compile_graph(summing())
    (state,) = [b for b in program.plan.buffers if SUM in b.tensors]
    others = [b for b in program.plan.buffers if b is not state]
    assert state.tensors == {SUM: 0, Y: 0}, "the sum is computed in place: nobody reads it later"
    assert (state.first, state.last) == (0, len(program.layers) + 1)
    for other in others:
        assert other.offset + other.nbytes <= state.offset or (
            state.offset + state.nbytes <= other.offset
        )


@pytest.mark.parametrize(
    ("states", "message"),
    [
        ((State(9, Y, START),), "tensor 9: not there"),
        ((State(SUM, 9, START),), "tensor 9: not there"),
        ((State(X, Y, START),), "something else too"),
        ((State(SUM, Y, START), State(SUM, OUT, START)), "something else too"),
        ((State(SUM, Y, START[:2]),), r"starts as int8\[2\]"),
        ((State(SUM, Y, START.astype(np.int16)),), "starts as int16"),
        ((State(SUM, SPARE, START),), "never written"),
        ((State(Y, OUT, START), State(SUM, OUT, START)), "written twice"),
    ],
)
def test_a_state_that_is_not_whole_is_refused(states: tuple[State, ...], message: str) -> None:
    graph = replace(summing(spare=True), states=states)
    with pytest.raises(UnsupportedModel, match=message):
        graph.verify_structure()


@pytest.mark.parametrize(
    "change", [{"shape": (1, 3)}, {"dtype": DType.INT16}, {"quant": Quant((0.25,), (0,))}]
)
def test_a_state_is_left_as_what_it_is_read_as(change: dict[str, object]) -> None:
    graph = summing()
    other = replace(graph.tensors[Y], **change)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedModel, match="another type"):
        replace(graph, tensors={**graph.tensors, Y: other}).verify_structure()
