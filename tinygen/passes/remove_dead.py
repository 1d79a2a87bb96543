"""Drop the nodes, states and tensors that no output depends on."""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import ABSENT, Graph, Node, TensorId


def remove_dead(graph: Graph) -> Graph:
    """The graph with only what its outputs need; every input stays, read or not."""
    wanted = set(graph.outputs)
    while True:
        nodes, needed = _needed(graph, wanted)
        states = tuple(state for state in graph.states if state.read in needed)
        # What a state is left as may need further nodes, and these further states.
        further = {state.written for state in states} - wanted
        if not further:
            break
        wanted |= further
    needed.update(graph.inputs)
    return replace(
        graph,
        tensors={i: t for i, t in graph.tensors.items() if i in needed},
        nodes=nodes,
        states=states,
    )


def _needed(graph: Graph, wanted: set[TensorId]) -> tuple[tuple[Node, ...], set[TensorId]]:
    """The nodes that compute the tensors `wanted`, and all tensors of theirs."""
    needed = set(wanted)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(i for i in node.inputs if i != ABSENT)
            needed.update(node.outputs)
    return tuple(reversed(kept)), needed
