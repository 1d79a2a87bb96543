"""Weights in another order, in place of data: what converters from channels first leave behind.

A FULLY_CONNECTED behind a flattened image reads its channels first, so a TRANSPOSE stands before
it: its columns can be in the order of the image. A convolution of one channel comes as a
DEPTHWISE_CONV_2D of many filters: it is a CONV_2D, for which there are better kernels.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from tinygen.ir import Array, Graph, Node, Quant, Tensor, TensorId
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.convolution import Convolution
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.reshape import Reshape, SameBytes
from tinygen.ops.transpose import Transpose


def reorder_weights(graph: Graph) -> Graph:
    """The graph with such weights; TRANSPOSEs are left behind without a reader."""
    tensors = dict(graph.tensors)
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes += _untransposed(graph, node, tensors) or _as_conv_2d(graph, node, tensors)
    if len(tensors) == len(graph.tensors):
        return graph
    return graph.replace(nodes=tuple(nodes), tensors=tensors)


def _untransposed(graph: Graph, node: Node, tensors: dict[TensorId, Tensor]) -> list[Node]:
    """The FULLY_CONNECTED that reads what a TRANSPOSE before it reads; empty where it cannot."""
    if not isinstance(node.op, FullyConnected) or not graph.tensors[node.inputs[1]].constant:
        return []
    taken, weights = (graph.tensors[i] for i in node.inputs[:2])
    if taken.elements != weights.shape[1]:  # several rows
        return []
    tensor = taken
    while (before := graph.writer(tensor.id)) is not None and isinstance(before.op, SameBytes):
        source = graph.tensors[before.inputs[0]]
        if source.quant != tensor.quant:
            return []
        tensor = source
    if before is None or not isinstance(before.op, Transpose):
        return []
    source, order = graph.tensors[before.inputs[0]], graph.tensors[before.inputs[1]].data
    if order is None or source.quant != tensor.quant:
        return []
    axes = [0, *(int(axis) + 1 for axis in np.argsort(order.reshape(-1)))]
    codes = weights.data
    assert codes is not None
    columns = codes.reshape(-1, *tensor.shape).transpose(axes).reshape(weights.shape)
    made = _with(tensors, weights, columns, weights.quant)
    flat = replace(taken, id=max(tensors) + 1, name=f"{taken.name}/as_it_lies", data=None)
    tensors[flat.id] = flat
    return [
        Node(Reshape(taken.shape), (source.id,), (flat.id,)),
        Node(node.op, (flat.id, made, *node.inputs[2:]), node.outputs),
    ]


def _as_conv_2d(graph: Graph, node: Node, tensors: dict[TensorId, Tensor]) -> list[Node]:
    """The convolution as a CONV_2D where it is one; else as it is."""
    op = node.op
    if not isinstance(op, DepthwiseConv2D) or not graph.tensors[node.inputs[1]].constant:
        return [node]
    image, weights = (graph.tensors[i] for i in node.inputs[:2])
    if image.shape[3] != 1 or weights.shape[3] == 1 or weights.quant is None:
        return [node]
    codes = weights.data
    assert codes is not None
    # Per channel it is the axis of the outputs, which is another one here.
    quant = replace(weights.quant, axis=0)
    made = _with(tensors, weights, codes.transpose(3, 1, 2, 0), quant)
    shared = {field.name: getattr(op, field.name) for field in fields(Convolution)}
    return [Node(Conv2D(**shared), (node.inputs[0], made, *node.inputs[2:]), node.outputs)]


def _with(
    tensors: dict[TensorId, Tensor], weights: Tensor, codes: Array, quant: Quant | None
) -> TensorId:
    """The id of these weights with their codes in another order, which are new."""
    made = replace(
        weights,
        id=max(tensors) + 1,
        shape=codes.shape,
        data=np.ascontiguousarray(codes),
        quant=quant,
    )
    tensors[made.id] = made
    return made.id
