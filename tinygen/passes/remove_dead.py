"""Drop the nodes and tensors that no output depends on."""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import ABSENT, Graph, Node


def remove_dead(graph: Graph) -> Graph:
    """The graph with only what its outputs need; every input stays, read or not."""
    needed = set(graph.outputs)
    kept: list[Node] = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(i for i in node.inputs if i != ABSENT)
            needed.update(node.outputs)
    needed.update(graph.inputs)
    return replace(
        graph,
        tensors={i: t for i, t in graph.tensors.items() if i in needed},
        nodes=tuple(reversed(kept)),
    )
