"""A clamp goes into the operator before it, which clamps anyway.

RELU, RELU6 and whatever else maps the codes that reach it to themselves within two bounds, in the
quantization of what it reads, is an activation that the writer of those codes can carry.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinygen.ir import Graph, Node, TensorId
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.convolution import Convolution
from tinygen.ops.elementwise import Elementwise
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.pool import Pool2D
from tinygen.passes.tables import CODES, table_of


def fuse_activations(graph: Graph) -> Graph:
    """The graph without clamps behind operators that can carry them."""
    kept: list[Node] = []
    position: dict[TensorId, int] = {}
    for node in graph.nodes:
        at = position.get(node.inputs[0]) if node.inputs else None
        fused = None if at is None else _fused(graph, kept[at], node)
        if at is None or fused is None:
            at = len(kept)
            kept.append(node)
        else:
            kept[at] = fused
        position.update(dict.fromkeys(node.outputs, at))
    return graph.replace(nodes=tuple(kept)) if len(kept) < len(graph.nodes) else graph


def _fused(graph: Graph, writer: Node, clamp: Node) -> Node | None:
    """What the two are in one."""
    op, between = writer.op, graph.tensors[clamp.inputs[0]]
    if not isinstance(op, Convolution | FullyConnected | Elementwise | Pool2D):
        return None
    if graph.only_reader(between.id) is not clamp:
        return None
    target = graph.tensors[clamp.outputs[0]]
    found = table_of(graph, clamp) if target.quant == between.quant else None
    if found is None:
        return None
    low, high = quantized_range(op.activation, target.q)
    reached = (low <= CODES) & (high >= CODES)
    codes, table = CODES[reached], found[1][reached]
    both = int(table.min()), int(table.max())
    if not np.array_equal(table, np.clip(codes, *both)):
        return None
    for activation in Activation:
        if quantized_range(activation, target.q) == both:
            return Node(replace(op, activation=activation), writer.inputs, clamp.outputs)
    return None
