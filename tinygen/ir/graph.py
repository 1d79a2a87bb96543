"""Nodes and the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tinygen.errors import UnsupportedModel
from tinygen.ir.op import Op
from tinygen.ir.tensors import ABSENT, Array, Operands, Shape, Tensor, TensorId

_LARGEST = (1 << 30) - 1
"""Bytes of a tensor: positions in it, and twice those, are int32."""


@dataclass(frozen=True, eq=False)
class Node:
    """One operator applied to tensors, by id; ABSENT marks a missing optional input."""

    op: Op
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]

    def reading(self, instead: Mapping[TensorId, TensorId]) -> Node:
        """The node with other tensors for those of its inputs; itself where it has none of them."""
        if instead.keys().isdisjoint(self.inputs):
            return self
        return replace(self, inputs=tuple(instead.get(i, i) for i in self.inputs))


@dataclass(frozen=True, eq=False)
class State:
    """A variable of the model: what one inference leaves for the next.

    `read` holds its value when an inference starts, and no node writes it; `written` holds it
    when the inference has ended. Both are tensors of one shape, type and quantization.
    """

    read: TensorId
    written: TensorId
    initial: Array
    """The value after a reset, in the shape and type of the tensors."""


@dataclass(frozen=True, eq=False)
class Graph:
    """A model: nodes in an order in which every tensor is written before it is read."""

    name: str
    tensors: Mapping[TensorId, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]
    states: tuple[State, ...] = ()

    def operands(self, node: Node) -> Operands:
        return Operands(
            inputs=tuple(None if i == ABSENT else self.tensors[i] for i in node.inputs),
            outputs=tuple(self.tensors[i] for i in node.outputs),
            kind=node.op.kind,
        )

    def writer(self, tensor_id: TensorId) -> Node | None:
        """The node that writes the tensor; None for inputs, constants and states."""
        return self._writers.get(tensor_id)

    def readers(self, tensor_id: TensorId) -> tuple[Node, ...]:
        """The nodes that read the tensor, in order, each once."""
        return self._readers.get(tensor_id, ())

    def fresh(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """These tensors under ids that the graph does not have; they are not added to it."""
        first = max(self.tensors, default=-1) + 1
        return tuple(replace(tensor, id=first + i) for i, tensor in enumerate(tensors))

    @cached_property
    def outside(self) -> frozenset[TensorId]:
        """What whoever runs the model reads and writes: inputs, outputs, states."""
        states = (t for state in self.states for t in (state.read, state.written))
        return frozenset((*self.inputs, *self.outputs, *states))

    def only_reader(self, tensor_id: TensorId) -> Node | None:
        """The node that is all that reads the tensor; None where there are more, or none."""
        readers = self.readers(tensor_id)
        return readers[0] if len(readers) == 1 and tensor_id not in self.outside else None

    @cached_property
    def _writers(self) -> Mapping[TensorId, Node]:
        return {i: node for node in self.nodes for i in node.outputs}

    @cached_property
    def _readers(self) -> Mapping[TensorId, tuple[Node, ...]]:
        readers: dict[TensorId, list[Node]] = {}
        for node in self.nodes:
            for i in dict.fromkeys(node.inputs):
                readers.setdefault(i, []).append(node)
        return {i: tuple(nodes) for i, nodes in readers.items() if i != ABSENT}

    def shapes(self, node: Node) -> tuple[Shape, ...]:
        """The inferred shapes of the node's outputs, one each."""
        shapes = node.op.infer(self.operands(node))
        if len(shapes) != len(node.outputs):
            raise UnsupportedModel(
                f"{node.op.kind} has {len(node.outputs)} outputs in the file, not {len(shapes)}"
            )
        return shapes

    def replace(self, **changes: Any) -> Graph:
        """A copy with these fields changed, checked."""
        graph = replace(self, **changes)
        graph.verify()
        return graph

    def verify(self) -> None:
        """Raise UnsupportedModel unless the graph is whole (see `verify_structure`) and every
        inferred shape equals the declared one."""
        self.verify_structure()
        for node in self.nodes:
            io = self.operands(node)
            for tensor, shape in zip(io.outputs, self.shapes(node), strict=True):
                tensor.shaped(shape, node.op.kind)

    def verify_structure(self) -> None:
        """Raise UnsupportedModel unless ids are known, every tensor is written once and before
        it is read, constants have their declared shape, and states are whole."""
        written = set(self.inputs) | {t.id for t in self.tensors.values() if t.constant}
        self._verify_states(written)
        written.update(state.read for state in self.states)
        for tensor_id in (*self.inputs, *self.outputs):
            if tensor_id not in self.tensors:
                raise UnsupportedModel(f"the model's edge names tensor {tensor_id}: not there")
        for key, tensor in self.tensors.items():
            if key != tensor.id:
                raise UnsupportedModel(f"tensor '{tensor.name}' is filed under a wrong id")
            if tensor.nbytes > _LARGEST:
                raise UnsupportedModel(
                    f"tensor '{tensor.name}' {list(tensor.shape)} has {tensor.nbytes:,} bytes",
                    why="kernels count in 32 bits, and no microcontroller has as much memory",
                )
            if tensor.data is not None and tensor.data.shape != tensor.shape:
                raise UnsupportedModel(
                    f"constant '{tensor.name}' has {tensor.data.shape}, declared {tensor.shape}"
                )
        if len(set(self.inputs)) != len(self.inputs):
            raise UnsupportedModel("the model names one tensor as two of its inputs")
        for node in self.nodes:
            present = (i for i in node.inputs if i != ABSENT)
            for tensor_id in (*present, *node.outputs):
                if tensor_id not in self.tensors:
                    raise UnsupportedModel(f"{node.op.kind} names tensor {tensor_id}: not there")
            self._verify_counts(node)
            for tensor_id in node.inputs:
                if tensor_id != ABSENT and tensor_id not in written:
                    name = self.tensors[tensor_id].name
                    raise UnsupportedModel(f"{node.op.kind} reads '{name}' before it is written")
            for tensor_id in node.outputs:
                if tensor_id in written:
                    name = self.tensors[tensor_id].name
                    raise UnsupportedModel(f"tensor '{name}' is written twice")
                written.add(tensor_id)
        for tensor_id in self.outputs:
            if tensor_id not in written:
                raise UnsupportedModel(f"output {tensor_id} of the model is never written")
        for state in self.states:
            if state.written not in written:
                name = self.tensors[state.written].name
                raise UnsupportedModel(f"the state '{name}' is never written")

    def _verify_counts(self, node: Node) -> None:
        kind, count, (least, most) = node.op.kind, len(node.inputs), node.op.arity
        if not node.outputs:
            raise UnsupportedModel(f"{kind} without an output")
        if count < least or (most is not None and count > most):
            takes = f"{least}" if least == most else f"{least} to {most or 'any number'}"
            name = self.tensors[node.outputs[0]].name
            raise UnsupportedModel(f"{kind} '{name}' has {count} inputs, it takes {takes}")

    def _verify_states(self, sources: set[TensorId]) -> None:
        """`sources` are the tensors that already have a value when an inference starts."""
        reads = [state.read for state in self.states]
        for state in self.states:
            for tensor_id in (state.read, state.written):
                if tensor_id not in self.tensors:
                    raise UnsupportedModel(f"a state names tensor {tensor_id}: not there")
            read, written = self.tensors[state.read], self.tensors[state.written]
            if read.id in sources or reads.count(read.id) != 1:
                raise UnsupportedModel(f"'{read.name}' is a state, and something else too")
            if (read.shape, read.dtype, read.quant) != (
                written.shape,
                written.dtype,
                written.quant,
            ):
                raise UnsupportedModel(
                    f"the state '{read.name}' is left as '{written.name}', which is another type",
                    why=f"{read.dtype.value}{list(read.shape)} against "
                    f"{written.dtype.value}{list(written.shape)}, or another quantization",
                )
            initial = state.initial
            if (initial.shape, initial.dtype) != (read.shape, read.dtype.numpy):
                raise UnsupportedModel(
                    f"the state '{read.name}' starts as {initial.dtype}{list(initial.shape)}, "
                    f"declared {read.dtype.value}{list(read.shape)}"
                )
