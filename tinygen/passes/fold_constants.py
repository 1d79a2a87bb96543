"""Work out every shape, and compute what is known beforehand.

Keras models bring SHAPE, STRIDED_SLICE, PACK and the like along for Flatten and Reshape; with the
batch fixed at 1 all of it is constant. A file converted with an open batch declares ones where
nothing is known, so shapes are inferred again from the inputs on; what it declares otherwise has to
be what is inferred.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import ABSENT, Array, Graph, Node, Operands, Tensor
from tinygen.ops.weighted import Weighted

_FEW = 1 << 20


def fold_constants(graph: Graph) -> Graph:
    """The graph without the nodes whose outputs do not depend on the model's inputs."""
    tensors = dict(graph.tensors)
    nodes: list[Node] = []
    for node in graph.nodes:
        current = replace(graph, tensors=tensors)
        for tensor_id, shape in zip(node.outputs, current.shapes(node), strict=True):
            tensors[tensor_id] = tensors[tensor_id].shaped(shape, node.op.kind)
        io = current.operands(node)
        if not node.op.foldable(io) or _is_a_step(current, node):
            nodes.append(node)
            continue
        _require_small(node, io)
        values = [None if i == ABSENT else tensors[i].data for i in node.inputs]
        for tensor, data in zip(io.outputs, node.op.reference(io, values), strict=True):
            tensors[tensor.id] = _constant(node, tensor, data)
    return replace(graph, tensors=tensors, nodes=tuple(nodes))


def _is_a_step(graph: Graph, node: Node) -> bool:
    """Whether other nodes compute the same of what is not known: to compute this one beforehand
    would make it another one than those, with numbers of its own."""
    if not isinstance(node.op, Weighted):
        return False
    others = (other for other in graph.readers(node.inputs[1]) if other.op == node.op)
    return any(not graph.tensors[other.inputs[0]].constant for other in others)


def _require_small(node: Node, io: Operands) -> None:
    """A broken file could ask for gigabytes: what is computed beforehand is no larger than the
    constants that it is computed of, or holds few numbers as shapes do."""
    given = sum(t.elements for t in io.inputs if t is not None)
    for tensor in io.outputs:
        if tensor.elements > max(given, _FEW):
            raise UnsupportedModel(
                f"{node.op.kind} makes '{tensor.name}' with {tensor.elements:,} elements out of "
                f"constants with {given:,}"
            )


def _constant(node: Node, tensor: Tensor, data: Array) -> Tensor:
    if data.shape != tensor.shape or data.dtype != tensor.dtype.numpy:
        raise UnsupportedModel(
            f"{node.op.kind} computes {data.dtype}{list(data.shape)} for '{tensor.name}', "
            f"the file says {tensor.dtype.value}{list(tensor.shape)}"
        )
    frozen = np.array(data)
    frozen.flags.writeable = False
    return replace(tensor, data=frozen)
