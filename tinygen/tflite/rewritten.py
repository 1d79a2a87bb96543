"""A graph that was made of a file's, as a file: its operators are the file's own, with other rows,
and what moves rows between them; its states are variables.

It is written by the schema's own code, which TensorFlow brings along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from tinygen.ir import ABSENT, Array, Graph, Node, State, Tensor, TensorId
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.convolution import Convolution
from tinygen.ops.pool import Pool2D
from tinygen.ops.spatial import Padding
from tinygen.tflite.states import start

_VERSIONS = {"CONCATENATION": 2, "PAD": 2, "SLICE": 2}
"""Of operators that are new, where int8 came with another than the first."""


def with_graph(content: bytes, graph: Graph, origins: Sequence[int | None]) -> bytes:
    """The file with this graph instead of its own: `origins` has for each node the position of the
    operator in the file that it was made of, None for one that moves rows. Needs TensorFlow."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(content))
    _Writer(model).write(graph, origins)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


class _Writer:
    """What the file's tables become."""

    def __init__(self, model: Any) -> None:
        from tensorflow.lite.python import schema_py_generated as schema

        self._schema = schema
        self._model = model
        (self._main,) = model.subgraphs
        self._known = self._main.tensors
        self._numbers: dict[TensorId, int] = {}
        self._tensors: list[Any] = []
        self._handles: dict[TensorId, int] = {}
        """By the tensor that a state is read from."""

    def write(self, graph: Graph, origins: Sequence[int | None]) -> None:
        old = self._main.operators
        first = {id(state): _first_reader(graph, state) for state in graph.states}
        last = {id(state): _last_step(graph, state) for state in graph.states}
        calls = [*self._once(graph), *(self._handle(state) for state in graph.states)]
        for number, (node, origin) in enumerate(zip(graph.nodes, origins, strict=True)):
            calls += [self._read(graph, s) for s in graph.states if first[id(s)] == number]
            calls.append(self._call(graph, node, None if origin is None else old[origin]))
            calls += [self._assign(graph, s) for s in graph.states if last[id(s)] == number]
        self._main.inputs = [self._number(graph, i) for i in graph.inputs]
        self._main.outputs = [self._number(graph, i) for i in graph.outputs]
        self._main.operators, self._main.tensors = calls, self._tensors
        self._model.signatureDefs = []

    def _call(self, graph: Graph, node: Node, old: Any) -> Any:
        inputs = [ABSENT if i == ABSENT else self._number(graph, i) for i in node.inputs]
        outputs = [self._number(graph, i) for i in node.outputs]
        if old is None:
            call = self._operator(node.op.kind, inputs, outputs)
            if isinstance(node.op, Concatenation):
                call.builtinOptionsType = self._schema.BuiltinOptions.ConcatenationOptions
                call.builtinOptions = self._schema.ConcatenationOptionsT()
                call.builtinOptions.axis = node.op.axis
            return call
        options = old.builtinOptions
        if isinstance(node.op, Convolution | Pool2D):
            assert isinstance(node.op.padding, Padding)
            options = type(options)(**vars(options))
            options.padding = node.op.padding.value
        if isinstance(node.op, Pool2D):
            options.strideH, options.strideW = node.op.stride_height, node.op.stride_width
            options.filterHeight, options.filterWidth = node.op.filter_height, node.op.filter_width
        return self._schema.OperatorT(
            opcodeIndex=old.opcodeIndex,
            inputs=inputs,
            outputs=outputs,
            builtinOptionsType=old.builtinOptionsType,
            builtinOptions=options,
        )

    def _number(self, graph: Graph, tensor_id: TensorId) -> int:
        """A tensor's place in the file that is written."""
        if tensor_id not in self._numbers:
            tensor = graph.tensors[tensor_id]
            known = self._known[tensor_id] if tensor_id < len(self._known) else None
            kept = known is not None and tensor.constant and self._has_data(known)
            self._numbers[tensor_id] = self._add(known if kept else self._table(tensor))
        return self._numbers[tensor_id]

    def _has_data(self, table: Any) -> bool:
        data = self._model.buffers[table.buffer].data
        return data is not None and len(data) > 0

    def _add(self, table: Any) -> int:
        self._tensors.append(table)
        return len(self._tensors) - 1

    def _table(self, tensor: Tensor, data: Array | None = None) -> Any:
        schema = self._schema
        made = schema.TensorT(
            shape=list(tensor.shape),
            type=getattr(schema.TensorType, tensor.dtype.name),
            name=tensor.name.encode(),
            hasRank=True,
        )
        if tensor.quant is not None:
            made.quantization = schema.QuantizationParametersT(
                scale=list(tensor.quant.scales),
                zeroPoint=list(tensor.quant.zero_points),
                quantizedDimension=tensor.quant.axis,
            )
        data = tensor.data if data is None else data
        if data is not None:
            little = np.ascontiguousarray(data, data.dtype.newbyteorder("<"))
            made.buffer = len(self._model.buffers)
            self._model.buffers.append(schema.BufferT(data=little.reshape(-1).view(np.uint8)))
        return made

    def _operator(self, kind: str, inputs: list[int], outputs: list[int]) -> Any:
        schema, codes = self._schema, self._model.operatorCodes
        number = getattr(schema.BuiltinOperator, kind)
        at = next((i for i, code in enumerate(codes) if code.builtinCode == number), len(codes))
        if at == len(codes):
            codes.append(
                schema.OperatorCodeT(
                    deprecatedBuiltinCode=min(number, 127),
                    builtinCode=number,
                    version=_VERSIONS.get(kind, 1),
                )
            )
        return schema.OperatorT(opcodeIndex=at, inputs=inputs, outputs=outputs)

    def _handle(self, state: State, tensors: list[Any] | None = None) -> Any:
        """The operator that makes a tensor which stands for the variable, in the main graph or in
        another one of these tensors."""
        schema = self._schema
        there = self._tensors if tensors is None else tensors
        name = f"stream_{state.read}"
        kind = schema.TensorType.RESOURCE
        there.append(schema.TensorT(shape=[], type=kind, name=name.encode(), hasRank=True))
        call = self._operator("VAR_HANDLE", [], [len(there) - 1])
        call.builtinOptionsType = schema.BuiltinOptions.VarHandleOptions
        call.builtinOptions = schema.VarHandleOptionsT(container=b"", sharedName=name.encode())
        if tensors is None:
            self._handles[state.read] = len(there) - 1
        return call

    def _read(self, graph: Graph, state: State) -> Any:
        handle = self._handles[state.read]
        return self._operator("READ_VARIABLE", [handle], [self._number(graph, state.read)])

    def _assign(self, graph: Graph, state: State) -> Any:
        handle = self._handles[state.read]
        return self._operator("ASSIGN_VARIABLE", [handle, self._number(graph, state.written)], [])

    def _once(self, graph: Graph) -> Iterator[Any]:
        """CALL_ONCE of what gives the variables their first values, where one has another than it
        has anyway."""
        schema, tensors, operators = self._schema, list[Any](), list[Any]()
        for state in graph.states:
            tensor = graph.tensors[state.read]
            if np.array_equal(state.initial, start(tensor)):
                continue
            operators.append(self._handle(state, tensors))
            handle = len(tensors) - 1
            tensors.append(self._table(tensor, state.initial))
            operators.append(self._operator("ASSIGN_VARIABLE", [handle, len(tensors) - 1], []))
        if not operators:
            return
        self._model.subgraphs.append(
            schema.SubGraphT(
                tensors=tensors, inputs=[], outputs=[], operators=operators, name=b"first values"
            )
        )
        call = self._operator("CALL_ONCE", [], [])
        call.builtinOptionsType = schema.BuiltinOptions.CallOnceOptions
        call.builtinOptions = schema.CallOnceOptionsT(initSubgraphIndex=1)
        yield call


def _first_reader(graph: Graph, state: State) -> int:
    """The first node that reads the state, which is read in front of it."""
    return next((n for n, node in enumerate(graph.nodes) if state.read in node.inputs), 0)


def _last_step(graph: Graph, state: State) -> int:
    """The node behind which the state is assigned: what it is left as is made by then, and what it
    was has been read."""
    made = (n for n, node in enumerate(graph.nodes) if state.written in node.outputs)
    return max(next(made, 0), _first_reader(graph, state))
