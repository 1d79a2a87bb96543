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
    readers: dict[TensorId, list[Node]] = {}
    writer: dict[TensorId, Node] = {}
    for node in graph.nodes:
        for tensor_id in node.inputs:
            readers.setdefault(tensor_id, []).append(node)
        for tensor_id in node.outputs:
            writer[tensor_id] = node

    dropped: set[int] = set()
    inputs: list[TensorId] = []
    for tensor_id in graph.inputs:
        uses = readers.get(tensor_id, [])
        if graph.tensors[tensor_id].dtype is DType.FLOAT32 and [u.op.kind for u in uses] == [
            "QUANTIZE"
        ]:
            dropped.add(id(uses[0]))
            inputs.append(uses[0].outputs[0])
        else:
            inputs.append(tensor_id)
    outputs = [
        writer[i].inputs[0]
        if graph.tensors[i].dtype is DType.FLOAT32
        and i in writer
        and writer[i].op.kind == "DEQUANTIZE"
        else i
        for i in graph.outputs
    ]
    # The DEQUANTIZE nodes themselves go as dead code when nothing else reads them.
    stripped = replace(
        graph,
        nodes=tuple(n for n in graph.nodes if id(n) not in dropped),
        inputs=tuple(inputs),
        outputs=tuple(outputs),
    )
    for role, ids in (("input", stripped.inputs), ("output", stripped.outputs)):
        for tensor_id in ids:
            _require_int8(stripped, role, tensor_id)
    return stripped


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
