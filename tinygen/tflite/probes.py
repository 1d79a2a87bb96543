"""Float `.tflite` files changed so that one can look between their operators. Needs TensorFlow.

watched   the file, that gives tensors from its middle as outputs
apart     every operator fed from outside, none from another one
nudged    the file, that adds to tensors in its middle what it is given
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from tinygen.ir import TensorId


def watched(content: bytes, tensors: Sequence[TensorId]) -> bytes:
    """The file with these tensors, which operators make, as its outputs."""
    model = _unpacked(content)
    model.subgraphs[0].outputs = list(tensors)
    return _packed(model)


def apart(content: bytes, fed: Sequence[TensorId], tensors: Sequence[TensorId]) -> bytes:
    """The file whose inputs are the `fed` tensors, in this order: whoever reads one of them reads
    what is given, not what another operator made. Its outputs are the other `tensors`; operators
    that read, and make none of them, are left out, as what they read may not be there."""
    model = _unpacked(content)
    graph = model.subgraphs[0]
    given = {tensor: _beside(graph, tensor, b"/given") for tensor in fed}
    wanted = set(tensors)
    graph.operators = [
        operator
        for operator in graph.operators
        if not _ids(operator.inputs) or not wanted.isdisjoint(_ids(operator.outputs))
    ]
    for operator in graph.operators:
        operator.inputs = [given.get(int(i), int(i)) for i in operator.inputs]
    graph.inputs, graph.outputs = list(given.values()), list(tensors)
    return _packed(model)


def nudged(content: bytes, tensors: Sequence[TensorId]) -> bytes:
    """The file with as many inputs more, in the order of the float32 `tensors`: what is given there
    is added to the tensor, for all who read it."""
    from tensorflow.lite.python import schema_py_generated as schema

    model = _unpacked(content)
    graph = model.subgraphs[0]
    add = schema.BuiltinOperator.ADD
    model.operatorCodes.append(
        schema.OperatorCodeT(deprecatedBuiltinCode=add, builtinCode=add, version=1)
    )
    code = len(model.operatorCodes) - 1
    nudges = {tensor: _beside(graph, tensor, b"/nudge") for tensor in tensors}
    sums = {tensor: _beside(graph, tensor, b"/nudged") for tensor in tensors}

    def added(tensor: TensorId) -> Any:
        return schema.OperatorT(
            opcodeIndex=code,
            inputs=[tensor, nudges[tensor]],
            outputs=[sums[tensor]],
            builtinOptionsType=schema.BuiltinOptions.AddOptions,
            builtinOptions=schema.AddOptionsT(),
        )

    operators = [added(int(i)) for i in graph.inputs if int(i) in nudges]
    for operator in graph.operators:
        operator.inputs = [sums.get(int(i), int(i)) for i in operator.inputs]
        operators.append(operator)
        operators += [added(int(i)) for i in operator.outputs if int(i) in nudges]
    graph.operators = operators
    graph.inputs = [*map(int, graph.inputs), *nudges.values()]
    graph.outputs = [sums.get(int(i), int(i)) for i in graph.outputs]
    return _packed(model)


def _ids(tensors: Any) -> list[TensorId]:
    return [] if tensors is None else [int(i) for i in tensors]


def _beside(graph: Any, tensor: TensorId, suffix: bytes) -> TensorId:
    """A new tensor like that one, without data; its id."""
    made = copy.copy(graph.tensors[tensor])
    made.name, made.buffer = (made.name or b"") + suffix, 0
    graph.tensors.append(made)
    return len(graph.tensors) - 1


def _unpacked(content: bytes) -> Any:
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    model.signatureDefs = None  # they name inputs and outputs as they were
    return model


def _packed(model: Any) -> bytes:
    from tensorflow.lite.tools import flatbuffer_utils

    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
