"""Float that is no table is computed in float, where every device computes the same.

What is left between DEQUANTIZE and QUANTIZE and reads several tensors, or rows of one, is made of
sums, products, quotients and roots in most models: normalizations, distances, scaled scores. Each
of these has one right result (`ops/real.py`).
"""

from __future__ import annotations

from dataclasses import replace

from tinygen.ir import ABSENT, DType, Graph, Node
from tinygen.ops.real import real_of


def compute_reals(graph: Graph) -> Graph:
    """The graph whose float operators are those that are compiled, where there are such."""
    return replace(graph, nodes=tuple(_real(graph, node) for node in graph.nodes))


def _real(graph: Graph, node: Node) -> Node:
    if graph.tensors[node.outputs[0]].dtype is not DType.FLOAT32:
        return node
    if any(i == ABSENT for i in node.inputs):
        return node
    real = real_of(node.op)
    return node if real is None else replace(node, op=real)
