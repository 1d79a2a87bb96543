"""Operators, nodes and the graph."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from tinygen.errors import UnsupportedModel
from tinygen.ir.calls import Lowered
from tinygen.ir.tensors import ABSENT, Array, Operands, Shape, Tensor, TensorId


class Op(ABC):
    """An operator: its attributes are the fields of a frozen dataclass.

    `Operands` carry the tensors; `values` are arrays in the order of the inputs (None where an
    optional input is absent), each of its tensor's shape and dtype.
    """

    kind: ClassVar[str]
    """TFLite's name of the operator, e.g. CONV_2D."""

    @abstractmethod
    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        """Output shapes."""

    @abstractmethod
    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        """What the operator computes, bit for bit as TFLM's reference kernel does."""

    def lower(self, io: Operands) -> Lowered:  # noqa: ARG002
        """The portable kernel calls that compute it."""
        raise UnsupportedModel(
            f"{self.kind} is compiled only where its result is known beforehand",
            why="it computes shapes, and here its inputs are not constant",
        )

    def foldable(self, io: Operands) -> bool:
        """Whether the result is known beforehand: by default, when every input is constant."""
        return all(t is None or t.constant for t in io.inputs)

    def macs(self, io: Operands) -> int:  # noqa: ARG002
        """Multiply-accumulates of one inference."""
        return 0


@dataclass(frozen=True, eq=False)
class Node:
    """One operator applied to tensors, by id; ABSENT marks a missing optional input."""

    op: Op
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]


@dataclass(frozen=True, eq=False)
class Graph:
    """A model: nodes in an order in which every tensor is written before it is read."""

    name: str
    tensors: Mapping[TensorId, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]

    def operands(self, node: Node) -> Operands:
        return Operands(
            inputs=tuple(None if i == ABSENT else self.tensors[i] for i in node.inputs),
            outputs=tuple(self.tensors[i] for i in node.outputs),
        )

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
            for tensor, shape in zip(io.outputs, node.op.infer(io.inputs), strict=True):
                if tensor.shape != shape:
                    raise UnsupportedModel(
                        f"{node.op.kind} gives '{tensor.name}' the shape {list(shape)}, "
                        f"the file says {list(tensor.shape)}"
                    )

    def verify_structure(self) -> None:
        """Raise UnsupportedModel unless ids are known, every tensor is written once and before
        it is read, and constants have their declared shape."""
        written = set(self.inputs) | {t.id for t in self.tensors.values() if t.constant}
        for tensor_id in (*self.inputs, *self.outputs):
            if tensor_id not in self.tensors:
                raise UnsupportedModel(f"the model's edge names tensor {tensor_id}: not there")
        for key, tensor in self.tensors.items():
            if key != tensor.id:
                raise UnsupportedModel(f"tensor '{tensor.name}' is filed under a wrong id")
            if tensor.data is not None and tensor.data.shape != tensor.shape:
                raise UnsupportedModel(
                    f"constant '{tensor.name}' has {tensor.data.shape}, declared {tensor.shape}"
                )
        for node in self.nodes:
            for tensor_id in (*node.inputs, *node.outputs):
                if tensor_id != ABSENT and tensor_id not in self.tensors:
                    raise UnsupportedModel(f"{node.op.kind} names tensor {tensor_id}: not there")
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
