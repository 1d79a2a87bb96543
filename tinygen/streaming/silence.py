"""What a model computes of silence: what a stream begins in."""

from __future__ import annotations

from collections.abc import Mapping

from tinygen.ir import ABSENT, Array, Graph, TensorId
from tinygen.tflite import start


def silence(graph: Graph) -> Mapping[TensorId, Array]:
    """Every tensor's value for a window that is zero everywhere: of codes, their zero point."""
    values = {i: t.data for i, t in graph.tensors.items() if t.data is not None}
    values |= {i: start(graph.tensors[i]) for i in graph.inputs}
    for node in graph.nodes:
        operands = [None if i == ABSENT else values[i] for i in node.inputs]
        made = node.op.reference(graph.operands(node), operands)
        values.update(zip(node.outputs, made, strict=True))
    return values
