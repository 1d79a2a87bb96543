"""Drop the nodes, states and tensors that no output depends on."""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import ABSENT, Graph, TensorId


def remove_dead(graph: Graph) -> Graph:
    """The graph with only what its outputs need; every input stays, read or not."""
    left_as = {state.read: state.written for state in graph.states}
    needed: set[TensorId] = set(graph.inputs)
    pending = list(graph.outputs)
    while pending:
        tensor_id = pending.pop()
        if tensor_id == ABSENT or tensor_id in needed:
            continue
        needed.add(tensor_id)
        writer = graph.writer(tensor_id)
        if writer is not None:
            pending += (*writer.inputs, *writer.outputs)
        if tensor_id in left_as:
            pending.append(left_as[tensor_id])
    if needed.issuperset(graph.tensors):
        return graph
    return replace(
        graph,
        tensors={i: t for i, t in graph.tensors.items() if i in needed},
        nodes=tuple(node for node in graph.nodes if needed.intersection(node.outputs)),
        states=tuple(state for state in graph.states if state.read in needed),
    )
