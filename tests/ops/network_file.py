"""Whole .tflite files, call by call, in int8: what a converter would have to be talked into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from tests.ops.harness import int8, tensor
from tests.ops.tflite_file import bytes_of, options_of, quantization, type_of
from tinygen.ir import ABSENT, DType, Shape, Tensor

Q = (0.1, 3)
"""Scale and zero point of a tensor for which no others are given."""


class Network:
    """A file as it grows: `input`, then `call` by `call`; each gives the tensor it makes."""

    def __init__(self) -> None:
        self.tensors: list[Tensor] = []
        self.calls: list[tuple[str, list[Tensor], list[Tensor], Mapping[str, Any] | None]] = []
        self._inputs: list[Tensor] = []

    def input(
        self, shape: Shape, quant: tuple[float, int] = Q, dtype: DType = DType.INT8
    ) -> Tensor:
        self._inputs.append(_made(shape, quant, dtype))
        return self._inputs[-1]

    def call(
        self,
        kind: str,
        inputs: Sequence[Tensor | object],
        shape: Shape,
        quant: tuple[float, int] = Q,
        dtype: DType = DType.INT8,
        **options: Any,
    ) -> Tensor:
        """The one output of a call; what is no tensor among its inputs is an int32 constant."""
        made = _made(shape, quant, dtype)
        self.calls.append((kind, [_tensor(i) for i in inputs], [made], _options(kind, options)))
        return made

    def parts(
        self, kind: str, inputs: Sequence[Tensor | object], shapes: Sequence[Shape], **options: Any
    ) -> list[Tensor]:
        """The outputs of a call that has several."""
        made = [int8(shape, *Q) for shape in shapes]
        self.calls.append((kind, [_tensor(i) for i in inputs], made, _options(kind, options)))
        return made

    def file(self, *outputs: Tensor) -> bytes:
        """The file with these outputs."""
        numbers: dict[int, int] = {}
        tables: list[Any] = []
        buffers = [schema.BufferT()]
        for _, read, written, _ in self.calls:
            for t in (*read, *written):
                if id(t) not in numbers:
                    numbers[id(t)] = len(tables)
                    tables.append(_table(t, len(tables), buffers))
        codes: dict[str, int] = {}
        operators = [
            schema.OperatorT(
                opcodeIndex=codes.setdefault(kind, len(codes)),
                inputs=[numbers.get(id(t), ABSENT) for t in read],
                outputs=[numbers[id(t)] for t in written],
                builtinOptionsType=getattr(schema.BuiltinOptions, options_of(kind)),
                builtinOptions=None
                if options is None
                else getattr(schema, f"{options_of(kind)}T")(**options),
            )
            for kind, read, written, options in self.calls
        ]
        model = schema.ModelT(
            version=3,
            operatorCodes=[_code(kind) for kind in codes],
            subgraphs=[
                schema.SubGraphT(
                    tensors=tables,
                    inputs=[numbers[id(t)] for t in self._inputs],
                    outputs=[numbers[id(t)] for t in outputs],
                    operators=operators,
                    name="main",
                )
            ],
            buffers=buffers,
        )
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())


def _code(kind: str) -> Any:
    number = getattr(schema.BuiltinOperator, kind, schema.BuiltinOperator.CUSTOM)
    custom = kind if number == schema.BuiltinOperator.CUSTOM else None
    return schema.OperatorCodeT(
        deprecatedBuiltinCode=min(number, 127), builtinCode=number, customCode=custom, version=1
    )


def _made(shape: Shape, quant: tuple[float, int], dtype: DType) -> Tensor:
    if dtype not in (DType.INT8, DType.UINT8, DType.INT16):
        return tensor(shape, dtype)
    return tensor(shape, dtype, scale=quant[0], zero_point=quant[1])


def _options(kind: str, options: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return None if options_of(kind) == "NONE" else options


def _tensor(given: Tensor | object) -> Tensor:
    if isinstance(given, Tensor):
        return given
    return tensor(dtype=DType.INT32, data=np.asarray(given, np.int32))


def _table(t: Tensor, number: int, buffers: list[Any]) -> Any:
    table = schema.TensorT(
        shape=list(t.shape),
        type=type_of(t),
        name=f"t{number}",
        quantization=quantization(t.quant),
        hasRank=True,
    )
    if t.data is not None:
        table.buffer = len(buffers)
        buffers.append(schema.BufferT(data=bytes_of(t)))
    return table
