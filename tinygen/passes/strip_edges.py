"""A quantized model whose edges have another type has codes at its edges.

Where an input is float32, uint8 or int16 and only quantized to int8, or float32 and only quantized
to int16, the quantized tensor becomes the input; where an output is dequantized, or quantized to
such a type, the tensor of codes becomes the output. `model_quantize` and `model_dequantize` of the
generated code do that work for an application that has real values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Graph, Node, Tensor, TensorId, dequantize, quantize

_OUTSIDE = (DType.FLOAT32, DType.UINT8, DType.INT16)
"""What stands outside of int8 in files, and is converted there; of int16, float32."""
_INSIDE = dict.fromkeys(_OUTSIDE, (DType.INT8,)) | {DType.FLOAT32: (DType.INT8, DType.INT16)}
WIRED = tuple(dtype for dtype in DType if dtype.wire is not None)
"""What the serial protocol carries."""
_CODES = np.arange(DType.INT8.low, DType.INT8.high + 1).astype(np.int8)


@dataclass(frozen=True, eq=False)
class Border:
    """A node between an edge of the file and the tensor of other codes behind it."""

    graph: Graph
    node: Node
    entry: bool
    """Whether the edge is an input, which the node reads; else it is an output."""

    @property
    def outside(self) -> Tensor:
        ids = self.node.inputs if self.entry else self.node.outputs
        return self.graph.tensors[ids[0]]

    @property
    def inside(self) -> Tensor:
        ids = self.node.outputs if self.entry else self.node.inputs
        return self.graph.tensors[ids[0]]

    def outward(self, codes: Array) -> Array:
        """What the file's edge has where there are these codes inside."""
        if self.outside.dtype is DType.FLOAT32:
            return dequantize(codes, self.inside.q.scale, self.inside.q.zero_point)
        outside: Array = self._integers()[codes.astype(np.int64) - DType.INT8.low]
        return outside

    def inward(self, values: Array) -> Array:
        """The codes inside where the file's edge has these values."""
        if self.outside.dtype is DType.FLOAT32:
            inside = self.inside
            return quantize(values, inside.q.scale, inside.q.zero_point, inside.dtype)
        if self.entry:
            return self._through_node(values)
        integers = self._integers()
        order = np.argsort(integers)
        codes: Array = _CODES[order[np.searchsorted(integers, values, sorter=order)]]
        return codes

    def require_one_to_one(self) -> None:
        """Raise UnsupportedModel unless all int8 codes have a value of their own outside."""
        if self.outside.dtype is DType.FLOAT32:
            return
        integers = self._integers()
        alike = len(np.unique(integers)) == len(_CODES)
        if not alike or (self.entry and not np.array_equal(self._through_node(integers), _CODES)):
            outside, inside = self.outside, self.inside
            raise UnsupportedModel(
                f"the model's {'input' if self.entry else 'output'} '{outside.name}' is "
                f"{outside.dtype.value}, and int8 inside with coarser steps or another range",
                why=f"scale {outside.q.scale:g}, zero point {outside.q.zero_point} against "
                f"scale {inside.q.scale:g}, zero point {inside.q.zero_point}: not every int8 code "
                "has a value of its own there",
                next_step="--keep-edges, or convert the model again with int8 inputs and outputs",
            )

    def _integers(self) -> Array:
        """For each int8 code, from -128 on, what an integer edge has for it. Of several values
        that an input rounds to one code, the one in the middle; of none, the nearest."""
        if not self.entry:
            return self._through_node(_CODES)
        dtype = self.outside.dtype
        values = np.arange(dtype.low, dtype.high + 1).astype(dtype.numpy)
        made = self._through_node(values)
        first, end = (np.searchsorted(made, _CODES, side) for side in ("left", "right"))
        chosen: Array = values[np.clip((first + end - 1) // 2, 0, len(values) - 1)]
        return chosen

    def _through_node(self, values: Array) -> Array:
        io = self.graph.operands(self.node)
        flat = replace(io.input(0), shape=values.shape), replace(io.output, shape=values.shape)
        (made,) = self.node.op.reference(replace(io, inputs=flat[:1], outputs=flat[1:]), (values,))
        return made


@dataclass(frozen=True, eq=False)
class Borders:
    """Of a graph: by its inputs, and by its outputs, where these are not int8."""

    inputs: Mapping[TensorId, Border]
    outputs: Mapping[TensorId, Border]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Those between the file's edges and int8."""
        return tuple(b.node for side in (self.inputs, self.outputs) for b in side.values())


def borders(graph: Graph) -> Borders:
    """What stands between the edges of the graph and int8."""
    entries = {i: _entry(graph, i) for i in graph.inputs}
    exits = {i: _exit(graph, i) for i in graph.outputs}
    return Borders(
        {i: Border(graph, node, True) for i, node in entries.items() if node is not None},
        {i: Border(graph, node, False) for i, node in exits.items() if node is not None},
    )


def check_edges(graph: Graph) -> Graph:
    """The graph as it is; UnsupportedModel where an edge has a type that no device passes on."""
    _require(graph, WIRED)
    return graph


def strip_edges(graph: Graph) -> Graph:
    """The graph with inputs and outputs of int8 or int16, or int32 ones that count;
    UnsupportedModel where an edge is something else."""
    found = borders(graph)
    for border in (*found.inputs.values(), *found.outputs.values()):
        border.require_one_to_one()
    entries = {id(border.node) for border in found.inputs.values()}
    # The nodes behind outputs go as dead code when nothing else reads them.
    stripped = replace(
        graph,
        nodes=tuple(node for node in graph.nodes if id(node) not in entries),
        inputs=tuple(found.inputs[i].inside.id if i in found.inputs else i for i in graph.inputs),
        outputs=tuple(
            found.outputs[i].inside.id if i in found.outputs else i for i in graph.outputs
        ),
    )
    _require(stripped, (DType.INT8, DType.INT16, DType.INT32))
    return stripped


def _entry(graph: Graph, tensor_id: TensorId) -> Node | None:
    """The QUANTIZE that is all that reads the input, None where there is another reader."""
    readers = graph.readers(tensor_id)
    if graph.tensors[tensor_id].dtype not in _OUTSIDE or len(readers) != 1:
        return None
    (reader,) = readers
    made = graph.tensors[reader.outputs[0]].dtype
    outside = graph.tensors[tensor_id].dtype
    return reader if reader.op.kind == "QUANTIZE" and made in _INSIDE[outside] else None


def _exit(graph: Graph, tensor_id: TensorId) -> Node | None:
    """What makes the output of an int8 tensor, None where the output is computed."""
    writer = graph.writer(tensor_id)
    if graph.tensors[tensor_id].dtype not in _OUTSIDE or writer is None:
        return None
    read = graph.tensors[writer.inputs[0]].dtype
    inside = _INSIDE[graph.tensors[tensor_id].dtype]
    return writer if writer.op.kind in ("QUANTIZE", "DEQUANTIZE") and read in inside else None


def _require(graph: Graph, allowed: tuple[DType, ...]) -> None:
    for role, ids in (("input", graph.inputs), ("output", graph.outputs)):
        for tensor_id in ids:
            _require_tensor(graph.tensors[tensor_id], role, allowed)


def _require_tensor(tensor: Tensor, role: str, allowed: tuple[DType, ...]) -> None:
    if tensor.dtype not in allowed:
        raise UnsupportedModel(
            f"the model's {role} '{tensor.name}' is {tensor.dtype.value}, not int8",
            why="full int8 models are compiled, and int16 activations with int8 weights",
            next_step="give tinygen the Keras model, which it quantizes itself",
        )
    if tensor.constant:
        raise UnsupportedModel(f"the model's {role} '{tensor.name}' is constant")
    if tensor.dtype in (DType.INT8, *_OUTSIDE[1:]) and not tensor.q.per_tensor:
        raise UnsupportedModel(f"the model's {role} '{tensor.name}' is quantized per channel")
