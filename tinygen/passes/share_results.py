"""What two nodes compute of the same tensors is computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

import numpy as np

from tinygen.ir import ABSENT, Graph, Node, Tensor, TensorId


def share_results(graph: Graph) -> Graph:
    """The graph without nodes that repeat an earlier one: common subexpressions."""
    first: dict[Hashable, Node] = {}
    renamed: dict[TensorId, TensorId] = {}
    nodes = []
    for old in graph.nodes:
        node = old.reading(renamed)
        same = first.setdefault(_meaning(graph, node), node)
        if same is node or not graph.outside.isdisjoint(node.outputs):
            nodes.append(node)
        else:
            renamed.update(zip(node.outputs, same.outputs, strict=True))
    return graph.replace(nodes=tuple(nodes)) if renamed else graph


def _meaning(graph: Graph, node: Node) -> Hashable:
    """Equal where two nodes compute the same."""
    inputs = tuple(i if i == ABSENT else _value(graph.tensors[i]) for i in node.inputs)
    outputs = tuple((t.shape, t.dtype, t.quant) for t in graph.operands(node).outputs)
    return type(node.op), node.op, inputs, outputs


def _value(tensor: Tensor) -> Hashable:
    """A constant is what it holds, anything else is itself."""
    if tensor.data is None:
        return tensor.id
    digest = hashlib.sha256(np.ascontiguousarray(tensor.data).data).digest()
    return tensor.shape, tensor.dtype, tensor.quant, digest
