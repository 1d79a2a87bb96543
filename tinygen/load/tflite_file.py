"""Is a `.tflite` file an int8 model? Needs neither TensorFlow nor LiteRT.

The file is untrusted and flatbuffers' Python has no verifier: reads outside the file raise, and
the elements visited are counted, so that vectors which overlap cannot keep the check busy.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tinygen.errors import InputError, UnsupportedModel
from tinygen.load.model import InputSpec

_MALFORMED = (
    struct.error,
    IndexError,
    ValueError,
    TypeError,
    OverflowError,
    AttributeError,
    AssertionError,
    MemoryError,
)
_QUANTIZE, _DEQUANTIZE = "QUANTIZE", "DEQUANTIZE"
_TABULATED = ("ELU",)
"""What may stand in float between DEQUANTIZE and QUANTIZE: it is compiled as a table."""
_FLOATS = ("FLOAT32", "FLOAT16", "FLOAT64", "BFLOAT16")
_ADVICE = "give the Keras model and calibration data instead: tinygen quantizes it itself"


@dataclass(frozen=True)
class _Tensor:
    name: str
    type: str
    shape: tuple[int, ...]
    scales: tuple[float, ...]


@dataclass(frozen=True)
class _Operator:
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


@dataclass(frozen=True)
class _Model:
    tensors: tuple[_Tensor, ...]
    operators: tuple[_Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def check_int8(content: bytes, file_name: str) -> tuple[tuple[InputSpec, ...], tuple[str, ...]]:
    """The inputs and the output names of an int8 `.tflite`.

    Float inputs and outputs are accepted where a QUANTIZE or DEQUANTIZE stands at the edge.
    Raises InputError for damaged files and for models that are not int8, UnsupportedModel for
    a batch other than 1.
    """
    try:
        model = _read(content)
    except _MALFORMED as error:
        raise InputError(
            f"'{file_name}' is damaged or truncated",
            why="it has the mark of a .tflite file, but its tables point outside of it"
            f" ({type(error).__name__})",
            next_step="copy or convert the model again",
        ) from error
    _check_edges(model, file_name)
    _check_inside(model, file_name)
    specs = tuple(_input_spec(model.tensors[index], file_name) for index in model.inputs)
    return specs, tuple(model.tensors[index].name for index in model.outputs)


def _read(content: bytes) -> _Model:
    import tflite

    type_names = {code: name for name, code in vars(tflite.TensorType).items()}
    root = tflite.Model.GetRootAsModel(content, 0)
    budget = iter(range(len(content)))

    def each(length: int) -> Iterator[int]:
        for index in range(length):
            if next(budget, None) is None:
                raise ValueError("more elements than bytes")
            yield index

    def ints(length: int, get: Any) -> tuple[int, ...]:
        return tuple(int(get(index)) for index in each(length))

    kinds = []
    for index in each(root.OperatorCodesLength()):
        code = root.OperatorCodes(index)
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        kinds.append(tflite.BUILTIN_OPCODE2NAME.get(number, f"operator {number}"))
    for index in each(root.BuffersLength()):
        buffer = root.Buffers(index)
        if buffer.DataLength():
            buffer.Data(buffer.DataLength() - 1)  # raises when the file ends before the data
    graph = root.Subgraphs(0)
    if graph is None:
        raise ValueError("no subgraph")
    tensors = []
    for index in each(graph.TensorsLength()):
        tensor = graph.Tensors(index)
        quantization = tensor.Quantization()
        scales: tuple[float, ...] = ()
        if quantization is not None:
            scales = tuple(quantization.Scale(i) for i in each(quantization.ScaleLength()))
        tensors.append(
            _Tensor(
                (tensor.Name() or b"").decode("utf-8", "replace"),
                str(type_names.get(tensor.Type(), f"type {tensor.Type()}")),
                ints(tensor.ShapeLength(), tensor.Shape),
                scales,
            )
        )
    operators = []
    for index in each(graph.OperatorsLength()):
        operator = graph.Operators(index)
        operators.append(
            _Operator(
                kinds[operator.OpcodeIndex()],
                ints(operator.InputsLength(), operator.Inputs),
                ints(operator.OutputsLength(), operator.Outputs),
            )
        )
    model = _Model(
        tuple(tensors),
        tuple(operators),
        ints(graph.InputsLength(), graph.Inputs),
        ints(graph.OutputsLength(), graph.Outputs),
    )
    used = [index for operator in operators for index in (*operator.inputs, *operator.outputs)]
    if not model.inputs or not model.outputs or not operators:
        raise ValueError("no input, output or operator")
    if not all(-1 <= index < len(tensors) for index in used):
        raise ValueError("tensor index out of range")
    if not all(0 <= index < len(tensors) for index in (*model.inputs, *model.outputs)):
        raise ValueError("tensor index out of range")
    return model


def _check_edges(model: _Model, file_name: str) -> None:
    for index in model.inputs:
        users = [operator for operator in model.operators if index in operator.inputs]
        quantized = bool(users) and all(
            user.kind == _QUANTIZE and _type(model, user.outputs) == "INT8" for user in users
        )
        _check_edge(model.tensors[index], "input", quantized, file_name)
    for index in model.outputs:
        makers = [operator for operator in model.operators if index in operator.outputs]
        quantized = bool(makers) and all(
            maker.kind == _DEQUANTIZE and _type(model, maker.inputs) == "INT8" for maker in makers
        )
        _check_edge(model.tensors[index], "output", quantized, file_name)


def _type(model: _Model, indices: tuple[int, ...]) -> str:
    return model.tensors[indices[0]].type if indices and indices[0] >= 0 else ""


def _check_edge(tensor: _Tensor, side: str, quantized: bool, file_name: str) -> None:
    if tensor.type == "INT8":
        scales = tensor.scales
        if len(scales) != 1 or not math.isfinite(scales[0]) or scales[0] <= 0:
            raise InputError(
                f"'{file_name}' is no int8 model",
                why=f"the {side} '{tensor.name}' is int8, but has no usable scale",
                next_step=_ADVICE,
            )
        return
    if tensor.type == "FLOAT32" and quantized:
        return
    if tensor.type in _FLOATS:
        raise InputError(
            f"'{file_name}' is a float model",
            why=f"the {side} '{tensor.name}' is {tensor.type.lower()} and is not quantized",
            next_step=_ADVICE,
        )
    if tensor.type == "UINT8":
        raise InputError(
            f"'{file_name}' is a uint8 model",
            why=f"the {side} '{tensor.name}' is uint8, the older quantization of TensorFlow 1;"
            " tinygen compiles int8",
            next_step=_ADVICE + ", or convert with inference_input_type = tf.int8",
        )
    raise InputError(
        f"'{file_name}' is no int8 model",
        why=f"the {side} '{tensor.name}' is {tensor.type.lower()}",
        next_step=_ADVICE,
    )


def _check_inside(model: _Model, file_name: str) -> None:
    """Only QUANTIZE and DEQUANTIZE may touch float, at the edges and around what is tabulated."""
    edges = {*model.inputs, *model.outputs}
    for operator in model.operators:
        if operator.kind in _TABULATED:
            edges.update((*operator.inputs, *operator.outputs))
    for operator in model.operators:
        for index in (*operator.inputs, *operator.outputs):
            if index < 0 or model.tensors[index].type not in _FLOATS:
                continue
            if operator.kind in (_QUANTIZE, _DEQUANTIZE, *_TABULATED) and index in edges:
                continue
            raise InputError(
                f"'{file_name}' is only partly quantized",
                why=f"the operator {operator.kind} computes with"
                f" {model.tensors[index].type.lower()} ('{model.tensors[index].name}')",
                next_step=_ADVICE,
            )


def _input_spec(tensor: _Tensor, file_name: str) -> InputSpec:
    if not tensor.shape or tensor.shape[0] != 1 or any(axis < 1 for axis in tensor.shape):
        raise UnsupportedModel(
            f"the input '{tensor.name}' of '{file_name}' has the shape {list(tensor.shape)}",
            why="the first axis is the batch and is compiled as 1",
            next_step="convert the model with a batch of 1, or " + _ADVICE,
        )
    return InputSpec(tensor.name, tensor.shape[1:], tensor.type.lower())
