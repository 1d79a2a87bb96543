"""Nodes and the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tinygen.errors import UnsupportedModel
from tinygen.ir.op import Op
from tinygen.ir.tensors import ABSENT, Operands, Shape, Tensor, TensorId


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
            kind=node.op.kind,
        )

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
            if not node.outputs:
                raise UnsupportedModel(f"{node.op.kind} without an output")
            present = (i for i in node.inputs if i != ABSENT)
            for tensor_id in (*present, *node.outputs):
                if tensor_id not in self.tensors:
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
