"""The numpy reference over a whole graph: the portable oracle, with every tensor's value."""

from __future__ import annotations

from collections.abc import Sequence

from tinygen.ir import ABSENT, Array, Graph, TensorId


def run(graph: Graph, inputs: Sequence[Array]) -> dict[TensorId, Array]:
    """Every tensor's value for these inputs, one array per graph input, of its exact shape."""
    values: dict[TensorId, Array] = {
        t.id: t.data for t in graph.tensors.values() if t.data is not None
    }
    for tensor_id, value in zip(graph.inputs, inputs, strict=True):
        tensor = graph.tensors[tensor_id]
        if value.shape != tensor.shape or value.dtype != tensor.dtype.numpy:
            raise ValueError(
                f"input '{tensor.name}' is {value.dtype}{list(value.shape)}, "
                f"needs {tensor.dtype.value}{list(tensor.shape)}"
            )
        values[tensor_id] = value
    for node in graph.nodes:
        operands = [None if i == ABSENT else values[i] for i in node.inputs]
        results = node.op.reference(graph.operands(node), operands)
        values.update(zip(node.outputs, results, strict=True))
    return values
