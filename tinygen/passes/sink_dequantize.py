"""DEQUANTIZE goes behind operators that only move values.

The converter leaves such an operator in float where it has seen no values of one of its outputs (a
SPLIT whose parts are not all used, say). Moving codes and then making them real gives the same
values, bit for bit, and leaves islands of float small enough for tables.
"""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import DType, Graph, Node, TensorId
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.move import Move


def sink_dequantize(graph: Graph) -> Graph:
    """The graph with the moves of dequantized tensors done on their codes."""
    tensors = dict(graph.tensors)
    codes: dict[TensorId, TensorId] = {}  # what a float tensor was dequantized from
    nodes: list[Node] = []
    for node in graph.nodes:
        io = graph.operands(node)
        if node.op.kind == "DEQUANTIZE" and io.input(0).dtype is DType.INT8:
            codes[node.outputs[0]] = node.inputs[0]
        moved = [t.id for t in node.op.moved(io)] if isinstance(node.op, Move) else []
        sources = {tensors[codes[i]].quant for i in moved if i in codes}
        if not moved or len(sources) != 1 or not codes.keys() >= set(moved):
            nodes.append(node)
            continue
        (quant,) = sources
        made = replace(graph, tensors=tensors).fresh(
            *(replace(t, dtype=DType.INT8, quant=quant) for t in io.outputs)
        )
        tensors.update((t.id, t) for t in made)
        inputs = tuple(codes[i] if i in moved else i for i in node.inputs)
        nodes.append(Node(node.op, inputs, tuple(t.id for t in made)))
        for code, real in zip(made, node.outputs, strict=True):
            nodes.append(Node(Dequantize(), (code.id,), (real,)))
            codes[real] = code.id
    return replace(graph, tensors=tensors, nodes=tuple(nodes))
