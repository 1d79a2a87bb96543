"""A float `.tflite` that is made int8 tensor by tensor. Needs TensorFlow, whose code packs it."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tinygen.ir import Array, Quant


class Composition:
    """A file of one graph, unpacked: its tensors become codes, and a QUANTIZE stands where a reader
    wants others than a writer gives."""

    def __init__(self, content: bytes) -> None:
        from tensorflow.lite.python import schema_py_generated as schema
        from tensorflow.lite.tools import flatbuffer_utils

        self._schema, self._tools = schema, flatbuffer_utils
        self._model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
        (self._graph,) = self._model.subgraphs
        self._operators = list(self._graph.operators)
        self._before: dict[int, list[Any]] = {}
        self._behind: dict[int, list[Any]] = {}
        self._last: list[Any] = []
        self._codes: dict[str, int] = {}
        self._made: dict[tuple[int, Quant], int] = {}
        self._inner: dict[int, int] = {}
        """The tensors that stand for edges that stay real."""

    def set_input(self, index: int, quant: Quant, *, float_edges: bool) -> None:
        """An input of the graph: it becomes codes, or is quantized at once."""
        if not float_edges:
            self._set(index, quant)
            return
        self._inner[index] = self._like(index, quant, "codes")
        self._before.setdefault(0, []).append(self._cast("QUANTIZE", index, self._inner[index]))

    def set_output_real(self, index: int, quant: Quant) -> None:
        """An output of the graph that stays real: what writes it writes codes, which become it."""
        inner = self._like(index, quant, "codes")
        for operators in (self._operators, *self._before.values(), *self._behind.values()):
            for operator in operators:
                for names in (operator.inputs, operator.outputs):
                    for place, other in enumerate(names):
                        names[place] = inner if other == index else other
        self._set_real(index)
        self._last.append(self._cast("DEQUANTIZE", inner, index))

    def read(
        self, place: int, position: int, index: int, quant: Quant, wanted: Quant | None
    ) -> None:
        """The operator at `place` reads codes of `quant`, or of `wanted` where it needs others."""
        source = self._inner.get(index, index)
        if wanted is not None and wanted != quant:
            target = self._made.get((index, wanted))
            if target is None:
                target = self._made[index, wanted] = self._like(index, wanted, "again")
                self._before.setdefault(place, []).append(self._cast("QUANTIZE", source, target))
            source = target
        self._operators[place].inputs[position] = source

    def constant(self, place: int, position: int, index: int, codes: Array, quant: Quant) -> None:
        """The operator at `place` reads these codes instead of the numbers in the file."""
        target = self._made.get((index, quant))
        if target is None:
            target = self._made[index, quant] = self._like(index, quant, "codes")
            tensor = self._graph.tensors[target]
            tensor.name = self._graph.tensors[index].name
            tensor.type = getattr(self._schema.TensorType, str(codes.dtype).upper())
            buffer = self._schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(codes).tobytes(), np.uint8)
            tensor.buffer = len(self._model.buffers)
            self._model.buffers.append(buffer)
        self._operators[place].inputs[position] = target

    def write(self, place: int, number: int, index: int, quant: Quant, given: Quant | None) -> None:
        """The operator at `place` writes codes of `quant`, by way of `given` where it has those."""
        self._set(index, quant)
        if given is None or given == quant:
            return
        source = self._like(index, given, "given")
        self._operators[place].outputs[number] = source
        self._behind.setdefault(place, []).append(self._cast("QUANTIZE", source, index))

    def packed(self) -> bytes:
        """The file."""
        order = []
        for place, operator in enumerate(self._operators):
            order += [*self._before.get(place, ()), operator, *self._behind.get(place, ())]
        self._graph.operators = [*order, *self._last]
        return bytes(self._tools.convert_object_to_bytearray(self._model))

    def _set(self, index: int, quant: Quant) -> None:
        tensor = self._graph.tensors[index]
        tensor.type = self._schema.TensorType.INT8
        tensor.quantization = self._schema.QuantizationParametersT()
        tensor.quantization.scale = list(quant.scales)
        tensor.quantization.zeroPoint = list(quant.zero_points)
        tensor.quantization.quantizedDimension = quant.axis

    def _set_real(self, index: int) -> None:
        tensor = self._graph.tensors[index]
        tensor.type, tensor.quantization = self._schema.TensorType.FLOAT32, None

    def _like(self, index: int, quant: Quant, suffix: str) -> int:
        """A new tensor of the same shape."""
        made = copy.copy(self._graph.tensors[index])
        made.name = made.name + f"/{suffix}".encode()
        self._graph.tensors.append(made)
        self._set(len(self._graph.tensors) - 1, quant)
        return len(self._graph.tensors) - 1

    def _cast(self, kind: str, source: int, target: int) -> Any:
        schema = self._schema
        if kind not in self._codes:
            number = getattr(schema.BuiltinOperator, kind)
            self._codes[kind] = len(self._model.operatorCodes)
            self._model.operatorCodes.append(
                schema.OperatorCodeT(deprecatedBuiltinCode=number, builtinCode=number, version=2)
            )
        name = kind.title() + "Options"
        return schema.OperatorT(
            opcodeIndex=self._codes[kind],
            inputs=[source],
            outputs=[target],
            builtinOptionsType=getattr(schema.BuiltinOptions, name),
            builtinOptions=getattr(schema, f"{name}T")(),
        )
