"""Compute what is known beforehand: shape arithmetic and operators on constants.

Keras models bring SHAPE, STRIDED_SLICE, PACK and the like along for Flatten and Reshape; with the
batch fixed at 1 all of it is constant.
"""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import ABSENT, Graph, Node


def fold_constants(graph: Graph) -> Graph:
    """The graph without the nodes whose outputs do not depend on the model's inputs."""
    tensors = dict(graph.tensors)
    nodes: list[Node] = []
    for node in graph.nodes:
        io = replace(graph, tensors=tensors).operands(node)
        if not node.op.foldable(io):
            nodes.append(node)
            continue
        values = [None if i == ABSENT else tensors[i].data for i in node.inputs]
        for tensor, data in zip(io.outputs, node.op.reference(io, values), strict=True):
            data.flags.writeable = False
            tensors[tensor.id] = replace(tensor, data=data)
    return replace(graph, tensors=tensors, nodes=tuple(nodes))
