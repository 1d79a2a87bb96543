"""RELU_0_TO_1, which TensorFlow Lite Micro has not, as operators that it has.

Converters make it of a clip between zero and one, as hard sigmoids have it. To codes that reach no
farther than from zero to one, requantizing clamps by itself; others are clamped behind that.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tinygen.tflite.parse import File

KIND = "RELU_0_TO_1"
_NEAR = 1e-6
"""Of one: a scale of 1/255 in float32 is a little more or less."""


def without_unit_relus(content: bytes, file: File) -> bytes:
    """The quantized file with a QUANTIZE, and where it takes that MINIMUM and MAXIMUM, for each;
    as it is where there is none. Needs TensorFlow where there is one."""
    places = [place for place, call in enumerate(file.calls) if call.kind == KIND]
    if not places:
        return content
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    (graph,) = model.subgraphs
    codes = {}
    for kind in ("QUANTIZE", "MINIMUM", "MAXIMUM"):
        number = getattr(schema.BuiltinOperator, kind)
        codes[kind] = len(model.operatorCodes)
        code = schema.OperatorCodeT(deprecatedBuiltinCode=number, builtinCode=number, version=2)
        model.operatorCodes.append(code)

    def operator(kind: str, inputs: list[int], output: int) -> Any:
        name = "QuantizeOptions" if kind == "QUANTIZE" else "MaximumMinimumOptions"
        return schema.OperatorT(
            opcodeIndex=codes[kind],
            inputs=inputs,
            outputs=[output],
            builtinOptionsType=getattr(schema.BuiltinOptions, name),
            builtinOptions=getattr(schema, f"{name}T")(),
        )

    def like(index: int, name: str) -> int:
        tensor = copy.copy(graph.tensors[index])
        tensor.name += name.encode()
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def constant(index: int, value: int) -> int:
        made = like(index, f"/{value}")
        graph.tensors[made].shape, graph.tensors[made].shapeSignature = [1], None
        buffer = schema.BufferT()
        dtype = np.dtype(file.tensors[index].type.lower())
        buffer.data = np.frombuffer(np.array([value], dtype).tobytes(), np.uint8)
        graph.tensors[made].buffer = len(model.buffers)
        model.buffers.append(buffer)
        return made

    operators = []
    for place, old in enumerate(graph.operators):
        if place not in places:
            operators.append(old)
            continue
        (source,), (target,) = old.inputs, old.outputs
        clamps = _clamps(file, target)
        for number, (kind, value) in enumerate((("QUANTIZE", 0), *clamps)):
            made = target if number == len(clamps) else like(target, f"/{kind.lower()}")
            inputs = [source] if kind == "QUANTIZE" else [source, constant(target, value)]
            operators.append(operator(kind, inputs, made))
            source = made
    graph.operators = operators
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def _clamps(file: File, target: int) -> list[tuple[str, int]]:
    """What is left to clamp once the codes are those of the tensor: kinds, each with its code."""
    tensor = file.tensors[target]
    limits = np.iinfo(tensor.type.lower())
    (scale,), (zero,) = tensor.scales, tensor.zero_points
    found = []
    if (limits.max - zero) * scale > 1 + _NEAR:
        found.append(("MINIMUM", int(np.clip(round(1 / scale) + zero, limits.min, limits.max))))
    if zero > limits.min:
        found.append(("MAXIMUM", int(zero)))
    return found
