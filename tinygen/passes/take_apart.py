"""L2_NORMALIZATION, ADD_N and HARD_SWISH of float32 as the operators of which they are made.

Each is sums, products, quotients and roots in the order of TFLM's kernel, which are compiled as
exactly as int8 is (`ops/real.py`). One after the other every result is rounded, also where a
processor could do two of them at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Shape, Tensor, TensorId
from tinygen.ops.real import APART, RealFold, RealMap, RealPair

_LEAST_NORM = 1e-6
"""TFLM divides by no less."""


def take_apart(graph: Graph) -> Graph:
    """The graph without those operators in float."""
    made = _Apart(graph)
    for node in graph.nodes:
        made.add(node)
    return replace(graph, tensors=made.tensors, nodes=tuple(made.nodes))


class _Apart:
    """The new graph as it grows."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.tensors = dict(graph.tensors)
        self.nodes: list[Node] = []

    def add(self, node: Node) -> None:
        """The node, or those of which it is made."""
        kinds = dict(zip(APART, (self._sum, self._swish, self._normalized), strict=True))
        there = [self.tensors[i].dtype for i in (*node.inputs, *node.outputs) if i != ABSENT]
        if node.op.kind not in kinds or set(there) != {DType.FLOAT32}:
            self.nodes.append(node)
            return
        kinds[node.op.kind](node)

    def _sum(self, node: Node) -> None:
        """From zero on, one after the other."""
        found, shape = self._number(0.0), self._shape(node.inputs[0])
        for source in node.inputs[:-1]:
            found = self._call(RealPair("ADD", None), [found, source], shape)
        self._last(RealPair("ADD", None), [found, node.inputs[-1]], node)

    def _swish(self, node: Node) -> None:
        """x times what lies between 0 and 6 of x + 3, by 6."""
        (x,), shape = node.inputs, self._shape(node.inputs[0])
        gate = self._call(RealPair("ADD", None), [x, self._number(3.0)], shape)
        gate = self._call(RealMap("RELU6"), [gate], shape)
        product = self._call(RealPair("MUL", None), [x, gate], shape)
        self._last(RealPair("DIV", None), [product, self._number(6.0)], node)

    def _normalized(self, node: Node) -> None:
        """Each row by the root of the sum of its squares."""
        (x,), shape = node.inputs, self._shape(node.inputs[0])
        row = (*shape[:-1], 1)
        squares = self._call(RealMap("SQUARE"), [x], shape)
        axis = self._constant(np.array([len(shape) - 1], np.int32), DType.INT32)
        total = self._call(RealFold(True, "SUM"), [squares, axis], row)
        norm = self._call(RealMap("SQRT"), [total], row)
        norm = self._call(RealPair("MAXIMUM", None), [norm, self._number(_LEAST_NORM)], row)
        self._last(RealPair("DIV", None), [x, norm], node)

    def _call(
        self, op: RealMap | RealPair | RealFold, inputs: Sequence[TensorId], shape: Shape
    ) -> TensorId:
        made = self._fresh(Tensor(ABSENT, op.function.lower(), shape, DType.FLOAT32))
        self.nodes.append(Node(op, tuple(inputs), (made,)))
        return made

    def _last(self, op: RealPair, inputs: Sequence[TensorId], node: Node) -> None:
        self.nodes.append(Node(op, tuple(inputs), node.outputs))

    def _number(self, value: float) -> TensorId:
        return self._constant(np.array(value, np.float32), DType.FLOAT32)

    def _constant(self, data: Array, dtype: DType) -> TensorId:
        return self._fresh(Tensor(ABSENT, "number", data.shape, dtype, None, data))

    def _fresh(self, tensor: Tensor) -> TensorId:
        (made,) = replace(self._graph, tensors=self.tensors).fresh(tensor)
        self.tensors[made.id] = made
        return made.id

    def _shape(self, tensor_id: TensorId) -> Shape:
        return self.tensors[tensor_id].shape
