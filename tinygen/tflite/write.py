"""The writer of `.tflite` bytes: metadata in front of a file, shapes or edges over those of a file,
and a file packed anew.

References inside a flatbuffer only point forward, so a new root in front of a file can use
everything behind it. A change inside of a file needs it unpacked and packed again, by the schema's
own code, which TensorFlow brings along.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Shape

_FIELDS = 8
_OPERATOR_CODES, _SUBGRAPHS, _DESCRIPTION, _BUFFERS, _METADATA_BUFFER, _METADATA, _SIGNATURES = (
    *range(1, _FIELDS),
)
_SHAPE = 4
"""Where a tensor's vtable has its shape."""


def renamed(content: bytes, names: Mapping[int, str]) -> bytes:
    """The file with these tensors, by their ids, named anew. Needs TensorFlow."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    for index, name in names.items():
        model.subgraphs[0].tensors[index].name = name.encode()
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def with_plain_integers(content: bytes, types: Mapping[int, str]) -> bytes:
    """The file with these tensors, by their ids, of integers of these types, where they were real
    values that are quantized: numbers that stand for themselves. Needs TensorFlow."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    for index, dtype in types.items():
        tensor = model.subgraphs[0].tensors[index]
        tensor.type = getattr(schema.TensorType, dtype.upper())
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale, tensor.quantization.zeroPoint = [1.0], [0]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def with_zeros_for(content: bytes, inputs: int) -> bytes:
    """The file with only so many inputs: those behind them are constants, zero everywhere. Needs
    TensorFlow."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    graph = model.subgraphs[0]
    gone = [int(index) for index in graph.inputs[inputs:]]
    for index in gone:
        tensor = graph.tensors[index]
        codes = {schema.TensorType.INT8: np.int8, schema.TensorType.INT16: np.int16}
        dtype = codes.get(tensor.type, np.float32)
        zero = tensor.quantization.zeroPoint[0] if tensor.type in codes else 0
        data = np.full(tensor.shape, zero, dtype)
        model.buffers.append(schema.BufferT(data=np.frombuffer(data.tobytes(), np.uint8)))
        tensor.buffer = len(model.buffers) - 1
    graph.inputs = graph.inputs[:inputs]
    for signature in model.signatureDefs or ():
        signature.inputs = [i for i in signature.inputs or () if i.tensorIndex not in gone]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def with_requantized(content: bytes, calls: Mapping[int, int]) -> bytes:
    """The file with a QUANTIZE behind these operators, by their positions: what they make has the
    quantization of one of their inputs, the one that is named for each, and gets that of their
    outputs there. Needs TensorFlow."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    (graph,) = model.subgraphs
    quantize = schema.BuiltinOperator.QUANTIZE
    model.operatorCodes.append(
        schema.OperatorCodeT(deprecatedBuiltinCode=quantize, builtinCode=quantize, version=2)
    )
    operators = []
    for position, operator in enumerate(graph.operators):
        operators.append(operator)
        if position not in calls:
            continue
        source = graph.tensors[operator.inputs[calls[position]]]
        for number, index in enumerate(list(operator.outputs)):
            moved = copy.copy(graph.tensors[index])
            moved.name, moved.quantization = moved.name + b"/moved", source.quantization
            graph.tensors.append(moved)
            operator.outputs[number] = len(graph.tensors) - 1
            operators.append(
                schema.OperatorT(
                    opcodeIndex=len(model.operatorCodes) - 1,
                    inputs=[len(graph.tensors) - 1],
                    outputs=[index],
                    builtinOptionsType=schema.BuiltinOptions.QuantizeOptions,
                    builtinOptions=schema.QuantizeOptionsT(),
                )
            )
    graph.operators = operators
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def with_shapes(content: bytes, shapes: Mapping[int, Shape]) -> bytes:
    """The file with these shapes, of as many dimensions as before, for its tensors by their ids:
    written over the old ones. UnsupportedModel where tensors that differ share one."""
    made = bytearray(content)
    graph = tflite.Model.GetRootAs(content, 0).Subgraphs(0)
    tables = [graph.Tensors(i)._tab for i in range(graph.TensorsLength())]
    places = [table.Vector(field) if (field := table.Offset(_SHAPE)) else None for table in tables]
    for tensor_id, shape in shapes.items():
        place = places[tensor_id]
        sharing = [shapes.get(i) for i, other in enumerate(places) if other == place]
        if place is None or any(other != shape for other in sharing):
            name = graph.Tensors(tensor_id).Name().decode("utf-8", "replace")
            raise UnsupportedModel(
                f"the file leaves the shape of '{name}' open, and has no place of its own for it",
                next_step="convert the model with a batch of 1",
            )
        struct.pack_into(f"<{len(shape)}i", made, place, *shape)
    return bytes(made)


@dataclass(frozen=True)
class Instead:
    """A call that stands for several, at the place of the last one of these."""

    places: tuple[int, ...]
    """Of the calls in the file, in order."""
    kind: str
    source: int
    """The tensor that is read, by its id."""
    numbers: tuple[int, ...]
    """The second input, an int32 constant."""
    target: int
    options: Mapping[str, bool]
    """Fields of the schema's options for the operator, named as there."""


def replaced(content: bytes, calls: Sequence[Instead]) -> bytes:
    """The file with these calls instead of those for which they stand. Needs TensorFlow."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    graph = model.subgraphs[0]
    codes = {
        kind: len(model.operatorCodes) + i
        for i, kind in enumerate(dict.fromkeys(c.kind for c in calls))
    }
    for kind in codes:
        number = getattr(schema.BuiltinOperator, kind)
        code = schema.OperatorCodeT()
        code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), 1
        model.operatorCodes.append(code)
    gone = {place for call in calls for place in call.places}
    made = {}
    for call in calls:
        buffer, tensor, operator = schema.BufferT(), schema.TensorT(), schema.OperatorT()
        buffer.data = np.array(call.numbers, "<i4").view(np.uint8)
        tensor.buffer, tensor.shape = len(model.buffers), [len(call.numbers)]
        tensor.type, tensor.name = schema.TensorType.INT32, f"size of {call.target}".encode()
        operator.opcodeIndex = codes[call.kind]
        operator.inputs, operator.outputs = [call.source, len(graph.tensors)], [call.target]
        options = call.kind.title().replace("_", "") + "Options"
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
        operator.builtinOptions = getattr(schema, f"{options}T")()
        for field, value in call.options.items():
            setattr(operator.builtinOptions, field, value)
        model.buffers.append(buffer)
        graph.tensors.append(tensor)
        made[call.places[-1]] = operator
    graph.operators = [
        made.get(place, operator)
        for place, operator in enumerate(graph.operators)
        if place in made or place not in gone
    ]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


@dataclass(frozen=True)
class Dilated:
    """A convolution that takes the place of BATCH_TO_SPACE_ND, whose output it makes; by the places
    of the calls in the file."""

    place: int
    convolution: int
    gone: int | None
    """SPACE_TO_BATCH_ND, where nobody else reads what it makes."""
    source: int
    """The tensor that it reads now, by its id."""
    padding: int
    """The schema's number."""
    factors: tuple[int, int]
    """Down and across."""


def with_dilations(content: bytes, changes: Sequence[Dilated]) -> bytes:
    """The file with these convolutions dilated. Needs TensorFlow."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    graph = model.subgraphs[0]
    for change in changes:
        operator = graph.operators[change.convolution]
        operator.inputs[0] = change.source
        operator.outputs = graph.operators[change.place].outputs
        options = operator.builtinOptions
        options.padding = change.padding
        options.dilationHFactor, options.dilationWFactor = change.factors
    instead = {change.place: graph.operators[change.convolution] for change in changes}
    gone = {place for change in changes for place in (change.convolution, change.gone)}
    graph.operators = [
        instead.get(place, operator)
        for place, operator in enumerate(graph.operators)
        if place not in gone
    ]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


_INPUTS, _OUTPUTS, _OPERATORS = 6, 8, 10
"""Where a subgraph's vtable has them."""


def with_edges(
    content: bytes, inputs: Sequence[int], outputs: Sequence[int], without: Collection[int]
) -> bytes:
    """The file with these tensors as inputs and outputs, as many as before, and without the
    operators at these positions: written over the old ones.

    A vector that another table of the file shares is changed there too: who reads the result has
    to hold it against what was meant.
    """
    made = bytearray(content)
    table = tflite.Model.GetRootAs(content, 0).Subgraphs(0)._tab
    for field, ids in ((_INPUTS, inputs), (_OUTPUTS, outputs)):
        struct.pack_into(f"<{len(ids)}i", made, table.Vector(table.Offset(field)), *ids)
    operators = table.Vector(table.Offset(_OPERATORS))
    (count,) = struct.unpack_from("<I", content, operators - 4)
    places = [operators + 4 * i for i in range(count)]
    targets = [place + struct.unpack_from("<I", content, place)[0] for place in places]
    kept = [target for i, target in enumerate(targets) if i not in without]
    struct.pack_into("<I", made, operators - 4, len(kept))
    for place, target in zip(places, kept, strict=False):
        struct.pack_into("<I", made, place, target - place)
    return bytes(made)


@dataclass(frozen=True)
class Prepended:
    """A file with something in front. `original` is where the file as it was begins."""

    content: bytes
    original: int


def with_metadata(content: bytes, name: str, data: bytes, alignment: int) -> Prepended:
    """The whole .tflite file `content` behind a new root that also has the metadata `name`, whose
    `data` is aligned; the file behind it stays aligned too."""
    old = _Root(content)
    front = _Front()
    table = front.table(_FIELDS)
    buffers = front.vector(len(old.vector(_BUFFERS)) + 1)
    metadata = front.vector(len(old.vector(_METADATA)) + 1)
    buffer = front.table(1)
    entry = front.table(2)
    label = front.string(name.encode() + b"\0", len(name.encode()))
    array = front.string(data, len(data), alignment)
    size = front.finish(alignment)

    front.refer(0, table.at)
    front.number(table, 0, old.version)
    for field in (_OPERATOR_CODES, _SUBGRAPHS, _DESCRIPTION, _METADATA_BUFFER, _SIGNATURES):
        if (target := old.reference(field)) is not None:
            front.link(table, field, size + target)
    for field, vector, new in ((_BUFFERS, buffers, buffer), (_METADATA, metadata, entry)):
        front.link(table, field, vector)
        targets = [*(size + target for target in old.vector(field)), new.at]
        for i, target in enumerate(targets):
            front.refer(vector + 4 + 4 * i, target)
    front.link(buffer, 0, array)
    front.link(entry, 0, label)
    front.number(entry, 1, len(old.vector(_BUFFERS)))
    return Prepended(bytes(front.content) + content, size)


@dataclass(frozen=True)
class _Table:
    """Where a table and its vtable lie. Every field has four bytes of its own."""

    vtable: int
    at: int


class _Front:
    """Flatbuffer objects, laid out one after the other and filled afterwards."""

    def __init__(self) -> None:
        self.content = bytearray(b"\0\0\0\0TFL3")

    def table(self, fields: int) -> _Table:
        """A table with no field set yet."""
        vtable = self._reserve(4 + 2 * fields)
        table = _Table(vtable, self._reserve(4 + 4 * fields))
        self._put("HH", vtable, 4 + 2 * fields, 4 + 4 * fields)
        self._put("i", table.at, table.at - vtable)
        return table

    def vector(self, length: int) -> int:
        """A vector of references."""
        at = self._reserve(4 + 4 * length)
        self._put("I", at, length)
        return at

    def string(self, data: bytes, length: int, alignment: int = 4) -> int:
        """Bytes behind their length; the bytes are aligned."""
        self._reserve(-(len(self.content) + 4) % alignment, 1)
        at = self._reserve(4 + len(data))
        self._put("I", at, length)
        self.content[at + 4 : at + 4 + len(data)] = data
        return at

    def finish(self, alignment: int) -> int:
        """Fill up to the alignment; the size."""
        self._reserve(0, alignment)
        return len(self.content)

    def number(self, table: _Table, field: int, value: int) -> None:
        """Set a field to an unsigned number."""
        self._put("I", self._field(table, field), value)

    def link(self, table: _Table, field: int, target: int) -> None:
        """Set a field to refer to what is at `target`."""
        self.refer(self._field(table, field), target)

    def refer(self, at: int, target: int) -> None:
        """A reference, which points forward."""
        self._put("I", at, target - at)

    def _field(self, table: _Table, field: int) -> int:
        self._put("H", table.vtable + 4 + 2 * field, 4 + 4 * field)
        return table.at + 4 + 4 * field

    def _reserve(self, size: int, alignment: int = 4) -> int:
        self.content.extend(bytes(-len(self.content) % alignment + size))
        return len(self.content) - size

    def _put(self, form: str, at: int, *values: int) -> None:
        struct.pack_into("<" + form, self.content, at, *values)


class _Root:
    """The root table of a .tflite file that has been read before, so is whole."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._table = self._number("I", 0)
        self._vtable = self._table - self._number("i", self._table)
        self._vtable_size = self._number("H", self._vtable)

    @property
    def version(self) -> int:
        at = self._field(0)
        return 0 if at is None else self._number("I", at)

    def reference(self, field: int) -> int | None:
        """Where what the field refers to is, None when the file has no such field."""
        at = self._field(field)
        return None if at is None else at + self._number("I", at)

    def vector(self, field: int) -> list[int]:
        """Where the tables of a vector are."""
        at = self.reference(field)
        if at is None:
            return []
        items = range(at + 4, at + 4 + 4 * self._number("I", at), 4)
        return [item + self._number("I", item) for item in items]

    def _field(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._vtable_size:
            return None
        offset = self._number("H", self._vtable + entry)
        return self._table + offset if offset else None

    def _number(self, form: str, at: int) -> int:
        value: int = struct.unpack_from("<" + form, self._content, at)[0]
        return value
