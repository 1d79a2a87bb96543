"""Float between DEQUANTIZE and QUANTIZE becomes a table of int8 codes, where it is one's function.

The converter leaves functions that it has no int8 form of in float, alone among int8 operators.
Such an island, of one tensor of codes and of constant numbers, maps each of 256 codes to one code.
The table is what TFLM computes of the file, whichever C library its float functions come from:
every result that one may give is followed to the end, and where they do not all give one code, the
model is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Graph, Node, Tensor, TensorId, Values
from tinygen.ops import FloatFunction, Table
from tinygen.ops.real import RealMap, RealPair, real_of

_CODES = np.arange(-128, 128).astype(np.int8)
_RESULTS = 9
"""How many neighbouring float32 one function may have as its results."""
_MOST = 1 << 20
"""Combinations of those that are followed."""
_MOST_STEPS = 2.0**31 - 256
"""Of int32, and room for a zero point."""


def fold_float_islands(graph: Graph) -> Graph:
    """The graph with a table for each island; the float operators go as dead code."""
    return replace(graph, nodes=tuple(_folded(graph, node) for node in graph.nodes))


def undefined(graph: Graph) -> str:
    """Of which island, before it is folded, some code's result is no number, or none that int32
    holds when it is quantized: what becomes of it then is left to the processor. Empty where there
    is none."""
    for node in graph.nodes:
        island = _Island.before(graph, node)
        if island is not None and island.undefined(node):
            kinds, name = island.kinds, graph.tensors[node.inputs[0]].name
            return (
                f"{kinds} '{name}' has no number for some inputs, or one that int32 does not hold"
            )
    return ""


def _folded(graph: Graph, node: Node) -> Node:
    """The table that a QUANTIZE at the end of an island becomes; any other node as it is."""
    island = _Island.before(graph, node)
    if island is None:
        return node
    entry = island.entry
    if (
        not island.nodes
        and graph.tensors[entry.inputs[0]].quant == graph.tensors[node.outputs[0]].quant
    ):
        return replace(node, inputs=entry.inputs)  # nothing happens in between
    table = Table(island.kinds, tuple(int(code) for code in island.codes(node)))
    return Node(table, entry.inputs, node.outputs)


@dataclass(frozen=True, eq=False)
class _Island:
    """The float operators between one tensor of codes and a QUANTIZE, in order."""

    graph: Graph
    entry: Node
    """A DEQUANTIZE; there may be more of the same tensor."""
    nodes: tuple[Node, ...]

    @classmethod
    def before(cls, graph: Graph, exit_: Node) -> _Island | None:
        """None for what is no QUANTIZE, or reads anything but a function of one tensor's codes."""
        if exit_.op.kind != "QUANTIZE" or graph.tensors[exit_.inputs[0]].dtype is not DType.FLOAT32:
            return None
        entries: dict[TensorId, Node] = {}
        found: dict[int, Node] = {}
        shape, pending = graph.tensors[exit_.inputs[0]].shape, [exit_.inputs[0]]
        while pending:
            tensor = graph.tensors[pending.pop()]
            node = graph.writer(tensor.id)
            if _number(tensor) or (node is not None and id(node) in found):
                continue
            if node is None or tensor.shape != shape:
                return None
            if node.op.kind == "DEQUANTIZE":
                entries[node.inputs[0]] = node
            elif _function(node) is None:
                return None
            else:
                found[id(node)] = node
                pending += node.inputs[: None if _real(node) else 1]
        if len(entries) != 1:
            return None
        (entry,) = entries.values()
        return cls(graph, entry, tuple(node for node in graph.nodes if id(node) in found))

    @property
    def kinds(self) -> str:
        return "+".join(node.op.kind for node in self.nodes) or self.entry.op.kind

    def codes(self, exit_: Node) -> Array:
        """The island's code for each code from -128 on."""
        made = self._values()[exit_.inputs[0]]
        results = exit_.op.reference(self.graph.operands(exit_), (made,))[0]
        codes = results.reshape(-1, _CODES.size)
        unsure = np.flatnonzero((codes != codes[0]).any(axis=0))
        if unsure.size:
            raise self._undecided(self._inexact[-1], int(_CODES[unsure[0]]))
        first: Array = codes[0]
        return first

    def undefined(self, exit_: Node) -> bool:
        """Whether a runtime has no number somewhere, or quantizes one that no int32 holds."""
        values, scale = self._values(), np.float32(self.graph.tensors[exit_.outputs[0]].q.scale)
        with np.errstate(all="ignore"):
            steps = np.abs(values[exit_.inputs[0]] / scale)
        least = {n.inputs[0]: n.op.least for n in self.nodes if isinstance(n.op, FloatFunction)}
        below = any((values[i] < least[i]).any() for i in least)
        return below or not bool((steps < _MOST_STEPS).all())

    def _values(self) -> dict[TensorId, Array]:
        """What every tensor may hold: [a result of each inexact function ..., code]."""
        graph = self.graph
        (start,) = self.entry.op.reference(graph.operands(self.entry), (_CODES,))
        entries = (node for node in graph.readers(self.entry.inputs[0]))
        values = {node.outputs[0]: start for node in entries if node.op.kind == "DEQUANTIZE"}
        for node in self.nodes:
            read = [values[i] if i in values else self._number(i) for i in node.inputs]
            values[node.outputs[0]] = self._results(node, read)
        return values

    @property
    def _inexact(self) -> list[Node]:
        """What a C library chooses the last bits of: each has an axis of its own."""
        return [node for node in self.nodes if not _real(node)]

    def _number(self, tensor_id: TensorId) -> Array:
        data = self.graph.tensors[tensor_id].data
        assert data is not None
        return data.reshape(1)

    def _results(self, node: Node, read: list[Array]) -> Array:
        """Everything that the node may give for what it reads."""
        if _real(node):
            function = _function(node)
            assert function is not None
            return function.compute(self.graph.operands(node), Values(read))[0]
        assert isinstance(node.op, FloatFunction)
        axis, axes = self._inexact.index(node), len(self._inexact) + 1
        ends = node.op.bounds(self.graph.operands(node), read[0])
        low, high = (end.reshape(*(1,) * (axes - end.ndim), *end.shape) for end in ends)
        every = np.concatenate(list(_between(low, high)), axis=axis)
        if every.size > _MOST * _CODES.size:
            raise self._undecided(node, 0)
        return every

    def _undecided(self, node: Node, code: int) -> UnsupportedModel:
        name = self.graph.tensors[node.outputs[0]].name
        return UnsupportedModel(
            f"{node.op.kind} '{name}' cannot be compiled exactly",
            why=f"its result for the code {code} lies between two int8 values so closely that the"
            " last bits of the C library's exp decide",
            next_step="quantize with other calibration data (some samples more or less), which"
            " moves the scale",
        )


def _between(low: Array, high: Array) -> Iterator[Array]:
    """All float32 from the one to the other."""
    for _ in range(_RESULTS):
        yield low
        low = np.minimum(np.nextafter(low, np.float32(np.inf)), high)
        if np.array_equal(low, high):
            break
    yield high


def _number(tensor: Tensor) -> bool:
    """Whether it is one constant float32."""
    return tensor.data is not None and tensor.elements == 1 and tensor.dtype is DType.FLOAT32


def _function(node: Node) -> FloatFunction | RealMap | RealPair | None:
    """What the node computes element by element, in float; None for anything else."""
    real = real_of(node.op)
    if isinstance(real, RealMap | RealPair):
        return real
    return node.op if isinstance(node.op, FloatFunction) else None


def _real(node: Node) -> bool:
    """Whether its result is the same everywhere."""
    return isinstance(real_of(node.op), RealMap | RealPair)
