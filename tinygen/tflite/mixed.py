"""One `.tflite` of two of the same function: some operators on int8, others on int16.

Between an operator and one that reads its result in another form stands a QUANTIZE, or at an edge
of float32 a DEQUANTIZE: those that the int8 file has are left out and made anew where they are
needed, always from the form in which a value was computed, so that nothing is rounded twice.
Needs TensorFlow.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from tinygen.ir import ABSENT, TensorId
from tinygen.tflite.parse import File

_CONVERTED = ("FLOAT32", "INT8", "INT16")
_VERSION = 3
"""Of QUANTIZE and DEQUANTIZE, from which on there is int16."""

Form = tuple[int, tuple[float, ...], tuple[int, ...]]
"""Type, scales and zero points: what a tensor's elements mean."""


@dataclass(frozen=True)
class Wider:
    """Which operators compute on int16."""

    calls: Mapping[int, int]
    """By their positions in the int8 file, those in the int16 file."""
    inputs: Collection[int]
    """Of the inputs, in their order, those that are int16."""


def converts(file: File, call: int) -> bool:
    """Whether the operator at this position only changes the form of a value: from codes to codes,
    or from and to float32 at an edge. What computes in float in the middle is a table of int8."""
    found = file.calls[call]
    if found.kind not in ("QUANTIZE", "DEQUANTIZE"):
        return False
    ends = (*found.inputs, *found.outputs)
    real = [i for i in ends if file.tensors[i].type == "FLOAT32"]
    edges = {*file.inputs, *file.outputs}
    return edges.issuperset(real) and all(file.tensors[i].type in _CONVERTED for i in ends)


def values(file: File) -> dict[TensorId, TensorId]:
    """For what is computed or given, the tensor in which it first was, before it was converted."""
    found = {i: i for i in file.inputs}
    for place, call in enumerate(file.calls):
        for i in call.outputs:
            found[i] = found.get(call.inputs[0], i) if converts(file, place) else i
    return found


def mixed(narrow: bytes, wide: bytes, file: File, wider: Wider) -> bytes:
    """The int8 file `narrow`, which is `file`, with operators of the int16 file `wide`. An output
    that one of these makes is int16, where it was int8."""
    from tensorflow.lite.tools import flatbuffer_utils

    one, other = (
        flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
        for content in (narrow, wide)
    )
    made = _Mixed(one, other, file, wider).made()
    return bytes(flatbuffer_utils.convert_object_to_bytearray(made))


class _Mixed:
    """The new file, while it is written. Tensors of the int8 file keep their ids until the end."""

    def __init__(self, narrow: Any, wide: Any, file: File, wider: Wider) -> None:
        self._model, self._other, self._file, self._wider = narrow, wide, file, wider
        (self._graph,), (self._wide,) = narrow.subgraphs, wide.subgraphs
        self._values = values(file)
        self._made: dict[TensorId, TensorId] = {}
        """Values, and the tensors in which they were computed."""
        self._forms: dict[tuple[TensorId, Form], TensorId] = {}
        self._taken: dict[TensorId, TensorId] = {}
        """Tensors of the int16 file, and their copies."""
        self._codes: dict[tuple[int, int], int] = {}
        self._operators: list[Any] = []

    def made(self) -> Any:
        self._graph.inputs = [self._input(place) for place in range(len(self._file.inputs))]
        for place in range(len(self._file.calls)):
            if place in self._wider.calls:
                self._widened(place, self._wider.calls[place])
            elif not converts(self._file, place):
                self._kept(place)
        self._graph.outputs = [self._output(i) for i in self._file.outputs]
        self._graph.operators = self._operators
        self._model.signatureDefs = None  # they name inputs and outputs as they were
        self._without_unused()
        return self._model

    def _input(self, place: int) -> TensorId:
        tensor = self._file.inputs[place]
        if place in self._wider.inputs:
            tensor = self._copy(int(self._wide.inputs[place]))
        self._computed(self._file.inputs[place], tensor)
        return tensor

    def _computed(self, value: TensorId, tensor: TensorId) -> None:
        self._made[value] = tensor
        self._forms[value, self._form(self._graph.tensors[tensor])] = tensor

    def _kept(self, place: int) -> None:
        operator, call = self._graph.operators[place], self._file.calls[place]
        operator.inputs = [
            self._needed(self._values[i], i) if i in self._values else i for i in call.inputs
        ]
        self._operators.append(operator)
        for tensor in call.outputs:
            self._computed(tensor, tensor)

    def _widened(self, place: int, other: int) -> None:
        call, its = self._file.calls[place], self._wide.operators[other]
        operator = copy.copy(its)
        code = self._other.operatorCodes[its.opcodeIndex]
        operator.opcodeIndex = self._code(code.builtinCode, code.version)
        operator.inputs = []
        for mine, index in zip(call.inputs, map(int, its.inputs), strict=True):
            if ABSENT in (mine, index):
                operator.inputs.append(ABSENT)
            elif mine not in self._values:
                operator.inputs.append(self._copy(index))
            else:
                operator.inputs.append(self._needed_wide(self._values[mine], index))
        operator.outputs = [self._copy(int(i)) for i in its.outputs]
        self._operators.append(operator)
        for mine, tensor in zip(call.outputs, operator.outputs, strict=True):
            self._computed(mine, tensor)

    def _output(self, tensor: TensorId) -> TensorId:
        value = self._values[tensor]
        mine = self._made[value]
        if self._file.tensors[tensor].type == "INT8" and mine not in self._values:
            return mine
        return self._needed(value, tensor)

    def _needed(self, value: TensorId, tensor: TensorId) -> TensorId:
        """The value in the form of this tensor of the int8 file: it, or one of the same form."""
        return self._converted(value, self._form(self._graph.tensors[tensor]), lambda: tensor)

    def _needed_wide(self, value: TensorId, tensor: TensorId) -> TensorId:
        """The value in the form of this tensor of the int16 file."""
        form = self._form(self._wide.tensors[tensor])
        return self._converted(value, form, lambda: self._copy(tensor))

    def _converted(self, value: TensorId, form: Form, target: Callable[[], TensorId]) -> TensorId:
        found = self._forms.get((value, form))
        if found is not None:
            return found
        from tensorflow.lite.python import schema_py_generated as schema

        tensor = target()
        real = form[0] == schema.TensorType.FLOAT32
        kind = "DEQUANTIZE" if real else "QUANTIZE"
        options = "DequantizeOptions" if real else "QuantizeOptions"
        self._operators.append(
            schema.OperatorT(
                opcodeIndex=self._code(getattr(schema.BuiltinOperator, kind), _VERSION),
                inputs=[self._made[value]],
                outputs=[tensor],
                builtinOptionsType=getattr(schema.BuiltinOptions, options),
                builtinOptions=getattr(schema, f"{options}T")(),
            )
        )
        self._forms[value, form] = tensor
        return tensor

    def _copy(self, tensor: TensorId) -> TensorId:
        """A tensor of the int16 file in this one, with its data."""
        if tensor not in self._taken:
            made = copy.copy(self._wide.tensors[tensor])
            if made.buffer:
                self._model.buffers.append(self._other.buffers[made.buffer])
                made.buffer = len(self._model.buffers) - 1
            self._graph.tensors.append(made)
            self._taken[tensor] = len(self._graph.tensors) - 1
        return self._taken[tensor]

    def _code(self, builtin: int, version: int) -> int:
        from tensorflow.lite.python import schema_py_generated as schema

        if (builtin, version) not in self._codes:
            code = schema.OperatorCodeT(
                deprecatedBuiltinCode=min(builtin, 127), builtinCode=builtin, version=version
            )
            self._model.operatorCodes.append(code)
            self._codes[builtin, version] = len(self._model.operatorCodes) - 1
        return self._codes[builtin, version]

    @staticmethod
    def _form(tensor: Any) -> Form:
        quantized = tensor.quantization
        scales = () if quantized is None or quantized.scale is None else quantized.scale
        points = () if quantized is None or quantized.zeroPoint is None else quantized.zeroPoint
        return tensor.type, tuple(map(float, scales)), tuple(map(int, points))

    def _without_unused(self) -> None:
        """Leave out what nobody names any more: tensors, constants, kinds of operators."""
        model, graph = self._model, self._graph
        named = [*graph.inputs, *graph.outputs]
        for operator in graph.operators:
            named += [i for i in (*operator.inputs, *operator.outputs) if i != ABSENT]
        tensors = _Renumbered(named)
        graph.tensors = tensors.chosen(graph.tensors)
        graph.inputs, graph.outputs = tensors.of(graph.inputs), tensors.of(graph.outputs)
        for operator in graph.operators:
            operator.inputs = tensors.of(operator.inputs)
            operator.outputs = tensors.of(operator.outputs)
        entries = model.metadata or []
        buffers = _Renumbered([0, *(t.buffer for t in graph.tensors), *(e.buffer for e in entries)])
        model.buffers = buffers.chosen(model.buffers)
        for holder in (*graph.tensors, *entries):
            (holder.buffer,) = buffers.of([holder.buffer])
        model.metadataBuffer = None
        codes = _Renumbered([operator.opcodeIndex for operator in graph.operators])
        model.operatorCodes = codes.chosen(model.operatorCodes)
        for operator in graph.operators:
            (operator.opcodeIndex,) = codes.of([operator.opcodeIndex])


class _Renumbered:
    """Those of a list that are used, in their order."""

    def __init__(self, used: Collection[int]) -> None:
        self._numbers = {old: new for new, old in enumerate(sorted({int(i) for i in used}))}

    def chosen(self, things: list[Any]) -> list[Any]:
        return [things[i] for i in self._numbers]

    def of(self, numbers: Collection[int]) -> list[int]:
        return [ABSENT if i == ABSENT else self._numbers[int(i)] for i in numbers]
