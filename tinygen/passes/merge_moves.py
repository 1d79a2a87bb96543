"""RESHAPEs in a row, TRANSPOSEs in a row, and moves that leave everything where it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinygen.ir import DType, Graph, Node, Tensor, TensorId
from tinygen.ops.move import Move
from tinygen.ops.reshape import Reshape, SameBytes
from tinygen.ops.transpose import Transpose


def merge_moves(graph: Graph) -> Graph:
    """The graph with one RESHAPE or TRANSPOSE for several, and without those of no effect.

    What a file may declare with scales that differ in the last digits stays: codes are copied, but
    whoever reads them afterwards counts with the scale.
    """
    nodes: list[Node] = []
    writers: dict[TensorId, Node] = {}
    tensors = dict(graph.tensors)
    instead: dict[TensorId, TensorId] = {}
    for old in graph.nodes:
        node = _merged(graph, writers, old.reading(instead), tensors)
        if _idle(node, tensors) and node.outputs[0] not in graph.outside:
            instead[node.outputs[0]] = node.inputs[0]
            continue
        writers.update(dict.fromkeys(node.outputs, node))
        nodes.append(node)
    changed = any(new is not old for new, old in zip(nodes, graph.nodes, strict=False))
    return graph.replace(nodes=tuple(nodes), tensors=tensors) if changed or instead else graph


def _merged(
    graph: Graph,
    writers: Mapping[TensorId, Node],
    node: Node,
    tensors: dict[TensorId, Tensor],
) -> Node:
    """The node as one that reads what the node before it reads; itself where that does not work."""
    before = writers.get(node.inputs[0]) if isinstance(node.op, SameBytes | Transpose) else None
    if before is None or not before.inputs:
        return node
    between, source = tensors[node.inputs[0]], tensors[before.inputs[0]]
    if source.quant != between.quant or source.dtype != between.dtype:
        return node
    if isinstance(node.op, SameBytes) and isinstance(before.op, SameBytes):
        shape = tensors[node.outputs[0]].shape
        return Node(Reshape(shape), (source.id,), node.outputs)
    if isinstance(node.op, Transpose) and isinstance(before.op, Transpose):
        if graph.only_reader(between.id) is None:
            return node  # both would be computed
        first, second = tensors[before.inputs[1]].data, tensors[node.inputs[1]].data
        if first is None or second is None:
            return node
        data = first.reshape(-1)[second.reshape(-1)].astype(np.int32)
        name = f"{between.name}/order"
        order = Tensor(max(tensors) + 1, name, data.shape, DType.INT32, None, data)
        tensors[order.id] = order
        return Node(Transpose(), (source.id, order.id), node.outputs)
    return node


def _idle(node: Node, tensors: dict[TensorId, Tensor]) -> bool:
    """Whether the output is the input, under the same name for everything."""
    if not isinstance(node.op, Move) or len(node.outputs) != 1:
        return False
    source, target = tensors[node.inputs[0]], tensors[node.outputs[0]]
    if (source.shape, source.dtype, source.quant) != (target.shape, target.dtype, target.quant):
        return False
    if isinstance(node.op, Transpose):
        order = tensors[node.inputs[1]].data
        return order is not None and bool((np.diff(order.reshape(-1)) == 1).all())
    return isinstance(node.op, SameBytes)
