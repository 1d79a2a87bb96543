"""`.tflite` bytes -> Graph.

The file is untrusted and flatbuffers' Python has no verifier: every length is held against the
file's size before it is used, and what the accessors raise on bad offsets becomes InputError.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import tflite

from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import ABSENT, Array, DType, Graph, Node, Quant, Shape, Tensor, TensorId
from tinygen.ops import BY_KIND
from tinygen.ops.parse import Parser
from tinygen.printable import printable

_DTYPES = {
    tflite.TensorType.FLOAT32: DType.FLOAT32,
    tflite.TensorType.INT32: DType.INT32,
    tflite.TensorType.UINT8: DType.UINT8,
    tflite.TensorType.INT64: DType.INT64,
    tflite.TensorType.BOOL: DType.BOOL,
    tflite.TensorType.INT16: DType.INT16,
    tflite.TensorType.INT8: DType.INT8,
}
_KIND_BY_CODE = {
    code: kind for kind, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
_TYPE_BY_CODE = {
    code: name for name, code in vars(tflite.TensorType).items() if isinstance(code, int)
}
_MAX_RANK = 6
_MALFORMED = (
    struct.error,
    IndexError,
    ValueError,
    TypeError,
    OverflowError,
    AttributeError,
    AssertionError,
    MemoryError,
    RecursionError,
)


def read(content: bytes, name: str) -> Graph:
    """The graph of the one subgraph in a .tflite file, its structure checked.

    Shapes are as the file declares them; `passes.simplify` works them out and checks them.

    Raises InputError when the bytes are no whole .tflite file and UnsupportedModel when the
    model holds something that is not compiled.
    """
    if len(content) < 16 or content[4:8] != b"TFL3":
        raise InputError(
            f"'{name}' is not a .tflite file",
            why="the identifier TFL3 is missing from its first bytes",
            next_step="give the file that the TFLite converter wrote, or the Keras model itself",
        )
    try:
        return _Reader(content, name).graph()
    except _MALFORMED as error:
        raise InputError(
            f"'{name}' is damaged: it cannot be read as a .tflite file",
            why=f"{type(error).__name__}: {error}",
            next_step="copy or convert the file again",
        ) from error


class _Reader:
    def __init__(self, content: bytes, name: str) -> None:
        self._name = name
        self._limit = len(content)
        self._model = tflite.Model.GetRootAs(content, 0)

    def _count(self, length: int) -> int:
        if not 0 <= length <= self._limit:
            raise ValueError(f"a length of {length} in a file of {self._limit} bytes")
        return length

    def graph(self) -> Graph:
        model = self._model
        if model.SubgraphsLength() != 1:
            raise UnsupportedModel(
                f"the model has {model.SubgraphsLength()} subgraphs, one is compiled",
                why="control flow (IF, WHILE, signatures with state) is not compiled",
                next_step="convert the model without loops or branches",
            )
        subgraph = model.Subgraphs(0)
        tensors = {
            i: self._tensor(subgraph.Tensors(i), i)
            for i in range(self._count(subgraph.TensorsLength()))
        }
        nodes = tuple(
            self._node(subgraph.Operators(i), tensors)
            for i in range(self._count(subgraph.OperatorsLength()))
        )
        graph = Graph(
            name=self._name,
            tensors=tensors,
            nodes=nodes,
            inputs=self._ids(subgraph.Inputs, subgraph.InputsLength()),
            outputs=self._ids(subgraph.Outputs, subgraph.OutputsLength()),
        )
        if not graph.inputs or not graph.outputs:
            raise UnsupportedModel("the model has no inputs or no outputs")
        graph.verify_structure()
        return graph

    def _ids(self, item: Callable[[int], Any], length: int) -> tuple[TensorId, ...]:
        return tuple(int(item(i)) for i in range(self._count(length)))

    def _tensor(self, raw: Any, tensor_id: TensorId) -> Tensor:
        name = printable((raw.Name() or b"").decode("utf-8", "replace")) or f"tensor_{tensor_id}"
        dtype = _DTYPES.get(raw.Type())
        if dtype is None:
            raise UnsupportedModel(
                f"tensor '{name}' has the type {_TYPE_BY_CODE.get(raw.Type(), raw.Type())}",
                why="fully int8-quantized models are compiled",
                next_step="quantize the Keras model with tinygen",
            )
        if raw.Sparsity() is not None:
            raise UnsupportedModel(f"tensor '{name}' is stored sparse, which is not compiled")
        if raw.IsVariable():
            raise UnsupportedModel(
                f"tensor '{name}' keeps state between inferences, which is not compiled"
            )
        if raw.ShapeLength() > _MAX_RANK:
            raise UnsupportedModel(f"tensor '{name}' has {raw.ShapeLength()} dimensions")
        shape = self._ids(raw.Shape, raw.ShapeLength())
        if any(d < 0 for d in shape):
            raise ValueError(f"tensor '{name}' has the shape {list(shape)}")
        return Tensor(
            id=tensor_id,
            name=name,
            shape=shape,
            dtype=dtype,
            quant=self._quant(raw.Quantization(), name),
            data=self._data(raw.Buffer(), shape, dtype, name),
        )

    def _quant(self, raw: Any | None, name: str) -> Quant | None:
        if raw is None or raw.ScaleLength() == 0:
            return None
        count = self._count(raw.ScaleLength())
        scales = tuple(float(raw.Scale(i)) for i in range(count))
        if not all(np.isfinite(s) and s > 0 for s in scales):
            raise UnsupportedModel(f"tensor '{name}' has a scale that is not a positive number")
        points = tuple(int(raw.ZeroPoint(i)) for i in range(self._count(raw.ZeroPointLength())))
        return Quant(scales, points or (0,) * count, int(raw.QuantizedDimension()))

    def _data(self, index: int, shape: Shape, dtype: DType, name: str) -> Array | None:
        if not 0 <= index < self._count(self._model.BuffersLength()):
            raise ValueError(f"tensor '{name}' names buffer {index}, which is not there")
        buffer = self._model.Buffers(index)
        if buffer.Offset() > 1:
            raise UnsupportedModel(f"the data of '{name}' lies outside the flatbuffer")
        size = self._count(buffer.DataLength())
        if size == 0:
            return None
        raw = np.asarray(buffer.DataAsNumpy(), dtype=np.uint8)
        data = raw.view(dtype.numpy.newbyteorder("<")).astype(dtype.numpy).reshape(shape)
        data.flags.writeable = False
        return data

    def _node(self, raw: Any, tensors: dict[TensorId, Tensor]) -> Node:
        inputs = self._ids(raw.Inputs, raw.InputsLength())
        outputs = self._ids(raw.Outputs, raw.OutputsLength())
        for tensor_id in (*inputs, *outputs):
            if tensor_id != ABSENT and tensor_id not in tensors:
                raise ValueError(f"an operator names tensor {tensor_id}, which is not there")
        kind = self._kind(raw.OpcodeIndex())
        operator = BY_KIND.get(kind)
        if operator is None:
            where = tensors[outputs[0]].name if outputs else "?"
            raise UnsupportedModel(
                f"the operator {kind} is not compiled (its output is '{where}')",
                why=f"tinygen compiles {', '.join(sorted(BY_KIND))}",
                next_step="replace the layer that makes it, or cut the model before it",
            )
        parser = Parser(kind=kind, table=raw.BuiltinOptions())
        return Node(operator.parse(parser), inputs, outputs)

    def _kind(self, index: int) -> str:
        if not 0 <= index < self._count(self._model.OperatorCodesLength()):
            raise ValueError(f"operator code {index} is not there")
        code = self._model.OperatorCodes(index)
        # Old files keep the code in the 8-bit field, new ones in the wide one.
        builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if builtin == tflite.BuiltinOperator.CUSTOM:
            custom = printable((code.CustomCode() or b"").decode("utf-8", "replace"))
            return f"CUSTOM '{custom}'"
        return str(_KIND_BY_CODE.get(builtin, f"number {builtin}"))
