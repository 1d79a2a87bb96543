"""`.tflite` bytes -> File: what the tables of the one subgraph say, whatever its types.

The file is untrusted and flatbuffers' Python has no verifier: reads outside of the file raise, and
what is visited is counted, so that vectors which overlap cannot keep the reader busy or take more
memory than a few times the file.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import tflite
from flatbuffers import number_types

from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import ABSENT, Array, DType, Shape, TensorId
from tinygen.ops.parse import Parser
from tinygen.printable import printable

_VISITS = 16
"""How much may be visited per byte of the file: writers may let several tables share a vector."""

FORGETS = "tinygen.forgets"
"""Metadata of a file whose variables are none: a layer of Keras that is not stateful becomes an
operator that is."""

_WIDE_CODE = 10
"""Where the schema's table of an operator code has its field `builtin_code`."""

_KIND_BY_CODE = {
    code: kind for kind, code in vars(tflite.BuiltinOperator).items() if isinstance(code, int)
}
_CUSTOM = {"TFLM_DECODE": "DECODE"}
"""Operators that are compiled and not TFLite's, which has none of these names."""
DTYPES = {dtype.name: dtype for dtype in DType}
"""TFLite's names of the types that are compiled."""
_TYPE_BY_CODE = {
    code: name for name, code in vars(tflite.TensorType).items() if isinstance(code, int)
}
_OPTIONS_BY_CODE = {
    code: name for name, code in vars(tflite.BuiltinOptions).items() if isinstance(code, int)
}
MALFORMED = (
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
"""What flatbuffers' accessors, and NumPy on what they give, raise on bad offsets."""


@dataclass(frozen=True, eq=False)
class FileTensor:
    """A tensor as the file has it. `type` is TFLite's name, `data` the bytes of a constant.

    `signature` is its shape with a -1 where the file leaves a dimension open, which `shape` then
    declares as 1; None where nothing is open.
    """

    name: str
    type: str
    shape: Shape
    signature: Shape | None
    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int
    data: Array | None
    sparse: bool
    variable: bool

    @property
    def nbytes(self) -> int:
        """Bytes of its elements where those are of a type that is compiled; a handle has none."""
        if self.data is not None:
            return self.data.nbytes
        dtype = DTYPES.get(self.type)
        return math.prod(self.shape) * dtype.numpy.itemsize if dtype else 0


@dataclass(frozen=True, eq=False)
class Call:
    """An operator as the file has it; ABSENT marks a missing optional input.

    `options` is the untyped flatbuffer table with its attributes, None where the file has none;
    `options_type` the schema's name of what the file says it is.
    """

    kind: str
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]
    options: Any | None
    options_type: str


@dataclass(frozen=True, eq=False)
class File:
    """A whole .tflite file; `name` names it in errors. Every index in it is one that there is.

    `subgraphs` are the others of the file, from number 1 on: CALL_ONCE runs them. It `forgets`
    where its variables start anew with each inference, which tinygen wrote into it.
    """

    name: str
    tensors: tuple[FileTensor, ...]
    calls: tuple[Call, ...]
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]
    subgraphs: tuple[File, ...] = ()
    forgets: bool = False


def parse(content: bytes, name: str) -> File:
    """The file `content`, called `name` in errors.

    Raises InputError when the bytes are no whole .tflite file and UnsupportedModel when they hold
    more than one subgraph.
    """
    if len(content) < 16 or content[4:8] != b"TFL3":
        raise InputError(
            f"'{name}' is not a .tflite file",
            why="the identifier TFL3 is missing from its first bytes",
            next_step="give the file that the TFLite converter wrote, or the Keras model itself",
        )
    try:
        return _Reader(content, name).file()
    except MALFORMED as error:
        raise damaged(name, error) from error


def _once(main: File) -> set[int]:
    """The subgraphs that run before the first inference, by their numbers."""
    found = set()
    for call in main.calls:
        if call.kind == "CALL_ONCE":
            parser = Parser(call.kind, call.options, call.options_type)
            found.add(int(parser.required(tflite.CallOnceOptions).InitSubgraphIndex()))
    return found


def subgraphs(content: bytes) -> int:
    """How many subgraphs a file of the converter's has."""
    return int(tflite.Model.GetRootAs(content, 0).SubgraphsLength())


def damaged(name: str, error: Exception) -> InputError:
    """The error for a file whose tables cannot be followed."""
    return InputError(
        f"'{name}' is damaged or truncated: it cannot be read as a .tflite file",
        why=f"it has the mark of one, but its tables cannot be followed ({type(error).__name__}: "
        f"{error})",
        next_step="copy or convert the model again",
    )


class _Reader:
    def __init__(self, content: bytes, name: str) -> None:
        self._name = name
        self._limit = len(content)
        self._left = _VISITS * len(content)
        self._model = tflite.Model.GetRootAs(content, 0)

    def _visit(self, length: int) -> int:
        """A length that the file gives, held against its size and what is left to be visited."""
        if not 0 <= length <= self._limit:
            raise ValueError(f"a length of {length} in a file of {self._limit} bytes")
        self._left -= length
        if self._left < 0:
            raise ValueError("its vectors overlap")
        return length

    def _ints(self, item: Callable[[int], Any], length: int) -> tuple[int, ...]:
        return tuple(int(item(i)) for i in range(self._visit(length)))

    def _text(self, raw: bytes | None) -> str:
        text = raw or b""
        self._visit(len(text))
        return printable(text.decode("utf-8", "replace"))

    def file(self) -> File:
        model = self._model
        kinds = [self._kind(i) for i in range(self._visit(model.OperatorCodesLength()))]
        self._buffers = self._visit(model.BuffersLength())
        count = self._visit(model.SubgraphsLength())
        main, *others = (self._subgraph(model.Subgraphs(i), kinds) for i in range(count))
        if others and _once(main) != set(range(1, count)):
            raise UnsupportedModel(
                f"the model has {count} subgraphs, one is compiled",
                why="the others are what IF or WHILE run, which is not compiled",
                next_step="convert the model without loops and branches",
            )
        names = (model.Metadata(i).Name() for i in range(self._visit(model.MetadataLength())))
        return replace(main, subgraphs=tuple(others), forgets=FORGETS.encode() in names)

    def _subgraph(self, graph: Any, kinds: list[str]) -> File:
        tensors = tuple(
            self._tensor(graph.Tensors(i)) for i in range(self._visit(graph.TensorsLength()))
        )
        calls = tuple(
            self._call(graph.Operators(i), kinds)
            for i in range(self._visit(graph.OperatorsLength()))
        )
        inputs = self._ints(graph.Inputs, graph.InputsLength())
        outputs = self._ints(graph.Outputs, graph.OutputsLength())
        read = [i for call in calls for i in call.inputs if i != ABSENT]
        written = [i for call in calls for i in call.outputs]
        if not all(0 <= i < len(tensors) for i in (*read, *written, *inputs, *outputs)):
            raise ValueError("it names a tensor that is not there")
        return File(self._name, tensors, calls, inputs, outputs)

    def _kind(self, index: int) -> str:
        code = self._model.OperatorCodes(index)
        # Old files keep the code in the 8-bit field, new ones in the wide one, some in both. The
        # runtimes take the larger; the library's BuiltinCode() does not.
        table = code._tab
        wide = table.Offset(_WIDE_CODE)
        wide = table.Get(number_types.Int32Flags, table.Pos + wide) if wide else 0
        builtin = max(wide, code.DeprecatedBuiltinCode())
        if builtin == tflite.BuiltinOperator.CUSTOM:
            custom = self._text(code.CustomCode())
            return _CUSTOM.get(custom, f"CUSTOM '{custom}'")
        return str(_KIND_BY_CODE.get(builtin, f"number {builtin}"))

    def _tensor(self, raw: Any) -> FileTensor:
        shape = self._ints(raw.Shape, raw.ShapeLength())
        if any(d < 0 for d in shape):
            raise ValueError(f"a tensor has the shape {list(shape)}")
        name = self._text(raw.Name())
        scales: tuple[float, ...] = ()
        points: tuple[int, ...] = ()
        axis = 0
        if (quant := raw.Quantization()) is not None:
            count = self._visit(quant.ScaleLength())
            scales = tuple(float(quant.Scale(i)) for i in range(count))
            points = self._ints(quant.ZeroPoint, quant.ZeroPointLength())
            axis = int(quant.QuantizedDimension())
        return FileTensor(
            name=name,
            type=str(_TYPE_BY_CODE.get(raw.Type(), f"type {raw.Type()}")),
            shape=shape,
            signature=self._signature(raw, shape, name),
            scales=scales,
            zero_points=points,
            axis=axis,
            data=self._data(raw.Buffer(), name),
            sparse=raw.Sparsity() is not None,
            variable=bool(raw.IsVariable()),
        )

    def _signature(self, raw: Any, shape: Shape, name: str) -> Shape | None:
        signature = self._ints(raw.ShapeSignature, raw.ShapeSignatureLength())
        if not signature:
            return None
        told = len(signature) == len(shape) and all(
            open_ in (-1, size) for open_, size in zip(signature, shape, strict=True)
        )
        if not told:
            raise UnsupportedModel(
                f"tensor '{name}' has the shape {list(shape)} and the signature {list(signature)}",
                why="the file contradicts itself",
                next_step="convert the model again",
            )
        return signature

    def _data(self, index: int, name: str) -> Array | None:
        """The bytes of a constant: a view of the file, no copy."""
        if not 0 <= index < self._buffers:
            raise ValueError(f"'{name}' names buffer {index}, which is not there")
        buffer = self._model.Buffers(index)
        if buffer.Offset() > 1:
            raise UnsupportedModel(f"the data of '{name}' lies outside the flatbuffer")
        if not 0 <= buffer.DataLength() <= self._limit:
            raise ValueError(f"'{name}' has {buffer.DataLength()} bytes of data")
        if buffer.DataLength() == 0:
            return None
        return np.asarray(buffer.DataAsNumpy(), dtype=np.uint8)

    def _call(self, raw: Any, kinds: list[str]) -> Call:
        inputs = self._ints(raw.Inputs, raw.InputsLength())
        outputs = self._ints(raw.Outputs, raw.OutputsLength())
        if not 0 <= raw.OpcodeIndex() < len(kinds):
            raise ValueError(f"operator code {raw.OpcodeIndex()} is not there")
        options_type = _OPTIONS_BY_CODE.get(raw.BuiltinOptionsType(), "of an unknown type")
        kind = kinds[raw.OpcodeIndex()]
        return Call(kind, inputs, outputs, raw.BuiltinOptions(), options_type)
