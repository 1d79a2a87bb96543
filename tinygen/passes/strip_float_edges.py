"""An int8 model with float edges becomes int8 throughout.

Where an input is float and only quantized, the quantized tensor becomes the input; where an
output is float and only dequantized, the int8 tensor becomes the output. `model_quantize` and
`model_dequantize` of the generated code do that work for an application that has floats.
"""

from __future__ import annotations

from dataclasses import replace

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Graph, Node, TensorId


def strip_float_edges(graph: Graph) -> Graph:
    """The graph with int8 inputs and outputs; UnsupportedModel where an edge stays float."""
    entries = {i: node for i in graph.inputs if (node := _quantize_of(graph, i)) is not None}
    # The DEQUANTIZE nodes go as dead code when nothing else reads them.
    stripped = replace(
        graph,
        nodes=tuple(node for node in graph.nodes if node not in entries.values()),
        inputs=tuple(entries[i].outputs[0] if i in entries else i for i in graph.inputs),
        outputs=tuple(_before_dequantize(graph, i) for i in graph.outputs),
    )
    for role, ids in (("input", stripped.inputs), ("output", stripped.outputs)):
        for tensor_id in ids:
            _require_int8(stripped, role, tensor_id)
    return stripped


def _quantize_of(graph: Graph, tensor_id: TensorId) -> Node | None:
    """The QUANTIZE that is all that reads the float tensor, None where there is another reader."""
    readers = graph.readers(tensor_id)
    if graph.tensors[tensor_id].dtype is DType.FLOAT32 and len(readers) == 1:
        (reader,) = readers
        return reader if reader.op.kind == "QUANTIZE" else None
    return None


def _before_dequantize(graph: Graph, tensor_id: TensorId) -> TensorId:
    """The tensor that is dequantized into the float tensor, or that tensor itself."""
    writer = graph.writer(tensor_id)
    if graph.tensors[tensor_id].dtype is not DType.FLOAT32 or writer is None:
        return tensor_id
    return writer.inputs[0] if writer.op.kind == "DEQUANTIZE" else tensor_id


def _require_int8(graph: Graph, role: str, tensor_id: TensorId) -> None:
    tensor = graph.tensors[tensor_id]
    if tensor.dtype is not DType.INT8:
        raise UnsupportedModel(
            f"the model's {role} '{tensor.name}' is {tensor.dtype.value}, not int8",
            why="full int8 models are compiled: int8 inputs, weights and outputs",
            next_step="give tinygen the Keras model, which it quantizes itself",
        )
    if tensor.constant:
        raise UnsupportedModel(f"the model's {role} '{tensor.name}' is constant")
    if not tensor.q.per_tensor:
        raise UnsupportedModel(f"the model's {role} '{tensor.name}' is quantized per channel")
