"""The numpy reference over a whole graph: the portable oracle, with every tensor's value.

A model with state is run step by step:

    states = None                                    # as after a reset
    for inputs in sequence:
        values = run(graph, inputs, states)
        states = next_states(graph, values)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tinygen.ir import ABSENT, Array, Graph, Tensor, TensorId


def run(
    graph: Graph, inputs: Sequence[Array], states: Sequence[Array] | None = None
) -> dict[TensorId, Array]:
    """Every tensor's value for these inputs, one array per graph input, of its exact shape, or
    with a batch of 1 in front of one that has none.

    `states` has one array per state of the graph, as the inference before left them; None for
    their values after a reset. ValueError where an array has another shape or type.
    """
    values: dict[TensorId, Array] = {
        t.id: t.data for t in graph.tensors.values() if t.data is not None
    }
    for tensor_id, value in zip(graph.inputs, inputs, strict=True):
        tensor = graph.tensors[tensor_id]
        batched = value.shape == (1, *tensor.shape)
        values[tensor_id] = _fitting("input", tensor, value[0] if batched else value)
    if states is None:
        states = [state.initial for state in graph.states]
    for state, value in zip(graph.states, states, strict=True):
        values[state.read] = _fitting("state", graph.tensors[state.read], value)
    for node in graph.nodes:
        operands = [None if i == ABSENT else values[i] for i in node.inputs]
        results = node.op.reference(graph.operands(node), operands)
        values.update(zip(node.outputs, results, strict=True))
    return values


def next_states(graph: Graph, values: Mapping[TensorId, Array]) -> tuple[Array, ...]:
    """What the inference with these `values` leaves for the next one."""
    return tuple(values[state.written] for state in graph.states)


def _fitting(role: str, tensor: Tensor, value: Array) -> Array:
    if value.shape != tensor.shape or value.dtype != tensor.dtype.numpy:
        raise ValueError(
            f"{role} '{tensor.name}' is {value.dtype}{list(value.shape)}, "
            f"needs {tensor.dtype.value}{list(tensor.shape)}"
        )
    return value
