"""Small .tflite files that remember: convolutions over variables, as microWakeWord has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.ops.network_file import Network
from tests.ops.tflite_file import edited, tensor
from tinygen.ir import Array, DType, Tensor

FRAMES, FEATURES, CHANNELS, OUTPUTS = 3, 8, 6, 5
"""New rows of an inference, numbers in one, channels of the convolutions, outputs."""


@dataclass(frozen=True, eq=False)
class Variable:
    """An input and an output of a file that become one variable; None where the file gives it no
    first value."""

    read: int
    written: int
    initial: Array | None


def with_variables(model: bytes, variables: Sequence[Variable]) -> bytes:
    """The file with variables in place of these inputs and outputs, by their positions."""

    def change(tables: Any) -> None:
        main = tables.subgraphs[0]
        codes = {
            kind: _code(tables, kind)
            for kind in ("CALL_ONCE", "VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE")
        }
        first = schema.SubGraphT(tensors=[], inputs=[], outputs=[], operators=[], name="NoOp")
        before, after = [], []
        for number, one in enumerate(variables):
            read, written = main.inputs[one.read], main.outputs[one.written]
            handle = _handle(main, codes, number)
            before += [handle[1], _call(codes["READ_VARIABLE"], [handle[0]], [read])]
            after.append(_call(codes["ASSIGN_VARIABLE"], [handle[0], written], []))
            if one.initial is not None:
                inner = _handle(first, codes, number)
                tables.buffers.append(
                    schema.BufferT(
                        data=np.ascontiguousarray(one.initial).view(np.uint8).reshape(-1)
                    )
                )
                value = schema.TensorT(
                    shape=list(one.initial.shape),
                    type=main.tensors[read].type,
                    name=f"first_{number}",
                    buffer=len(tables.buffers) - 1,
                    quantization=main.tensors[read].quantization,
                )
                first.tensors.append(value)
                assign = _call(codes["ASSIGN_VARIABLE"], [inner[0], len(first.tensors) - 1], [])
                first.operators += [inner[1], assign]
        once = []
        if first.operators:
            tables.subgraphs.append(first)
            once = [_call(codes["CALL_ONCE"], [], [])]
            once[0].builtinOptionsType = schema.BuiltinOptions.CallOnceOptions
            once[0].builtinOptions = schema.CallOnceOptionsT(initSubgraphIndex=1)
        main.operators = [*once, *before, *main.operators, *after]
        gone = {v.read for v in variables}, {v.written for v in variables}
        main.inputs = [t for i, t in enumerate(main.inputs) if i not in gone[0]]
        main.outputs = [t for i, t in enumerate(main.outputs) if i not in gone[1]]

    return edited(model, change)


def _code(tables: Any, kind: str) -> int:
    number = getattr(schema.BuiltinOperator, kind)
    tables.operatorCodes.append(
        schema.OperatorCodeT(deprecatedBuiltinCode=min(number, 127), builtinCode=number, version=1)
    )
    return len(tables.operatorCodes) - 1


def _call(code: int, inputs: list[int], outputs: list[int]) -> Any:
    return schema.OperatorT(opcodeIndex=code, inputs=inputs, outputs=outputs)


def _handle(graph: Any, codes: dict[str, int], number: int) -> tuple[int, Any]:
    """A new tensor that stands for the variable, and the operator that makes it."""
    graph.tensors.append(
        schema.TensorT(shape=[], type=schema.TensorType.RESOURCE, name=f"handle_{number}")
    )
    call = _call(codes["VAR_HANDLE"], [], [len(graph.tensors) - 1])
    call.builtinOptionsType = schema.BuiltinOptions.VarHandleOptions
    call.builtinOptions = schema.VarHandleOptionsT(container="", sharedName=f"stream_{number}")
    return len(graph.tensors) - 1, call


def streaming(seed: int = 0, *, first_values: bool = True) -> bytes:
    """A convolution over the last five rows, a depthwise one over its last four results, and a
    classifier: two variables. With `first_values` they start as other numbers than zero points."""
    return with_variables(
        _stateless(seed),
        [
            Variable(number, number, _first((1, rows, 1, width), number) if first_values else None)
            for number, (rows, width) in enumerate(((2, FEATURES), (3, CHANNELS)), start=1)
        ],
    )


def _first(shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng(seed).integers(-100, 100, shape).astype(np.int8)


def _stateless(seed: int) -> bytes:
    """The same with two states as inputs 1 and 2, and as outputs 1 and 2."""
    rng = np.random.default_rng(seed)
    net = Network()
    new = net.input((1, FRAMES, 1, FEATURES), (0.1, -3))
    kept = net.input((1, 2, 1, FEATURES), (0.1, -3))
    recent = net.input((1, 3, 1, CHANNELS), (0.08, -5))
    rows = FRAMES + 2
    window = net.call("CONCATENATION", [kept, new], (1, rows, 1, FEATURES), (0.1, -3), axis=1)
    left = _last(net, window, 2, (0.1, -3))
    conv = net.call(
        "CONV_2D",
        [window, _weights(rng, (CHANNELS, rows, 1, FEATURES)), _bias(rng, CHANNELS, 0.1 * 0.01)],
        (1, 1, 1, CHANNELS),
        (0.08, -5),
        strideH=1,
        strideW=1,
        padding=1,
        dilationHFactor=1,
        dilationWFactor=1,
    )
    several = net.call("CONCATENATION", [recent, conv], (1, 4, 1, CHANNELS), (0.08, -5), axis=1)
    later = _last(net, several, 3, (0.08, -5))
    depth = net.call(
        "DEPTHWISE_CONV_2D",
        [several, _weights(rng, (1, 4, 1, CHANNELS), axis=3), _bias(rng, CHANNELS, 0.08 * 0.01)],
        (1, 1, 1, CHANNELS),
        (0.05, 4),
        strideH=1,
        strideW=1,
        padding=1,
        depthMultiplier=1,
        dilationHFactor=1,
        dilationWFactor=1,
    )
    flat = net.call("RESHAPE", [depth, [1, CHANNELS]], (1, CHANNELS), (0.05, 4))
    out = net.call(
        "FULLY_CONNECTED",
        [flat, _weights(rng, (OUTPUTS, CHANNELS), 1), _bias(rng, OUTPUTS, 0.05 * 0.01)],
        (1, OUTPUTS),
        (0.03, 2),
    )
    return net.file(out, left, later)


def _last(net: Network, source: Tensor, rows: int, quant: tuple[float, int]) -> Tensor:
    """The last rows of a window."""
    shape = (1, rows, 1, source.shape[3])
    begin = source.shape[1] - rows
    return net.call(
        "STRIDED_SLICE",
        [source, [0, begin, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]],
        shape,
        quant,
        beginMask=13,
        endMask=15,
    )


def _weights(
    rng: np.random.Generator, shape: tuple[int, ...], count: int = CHANNELS, axis: int = 0
) -> Tensor:
    scales = [0.01] * count if count > 1 else 0.01
    return tensor(shape, scale=scales, data=rng.integers(-127, 128, shape), axis=axis)


def _bias(rng: np.random.Generator, count: int, scale: float) -> Tensor:
    return tensor(
        (count,),
        DType.INT32,
        scale=[scale] * count if count == CHANNELS else scale,
        data=rng.integers(-500, 500, count),
    )
