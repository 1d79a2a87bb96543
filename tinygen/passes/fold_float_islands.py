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


def fold_float_islands(graph: Graph) -> Graph:
    """The graph with a table for each island; the float operators go as dead code."""
    return replace(graph, nodes=tuple(_folded(graph, node) for node in graph.nodes))


def _folded(graph: Graph, node: Node) -> Node:
    """The table that a QUANTIZE at the end of an island becomes; any other node as it is."""
    if node.op.kind != "QUANTIZE" or graph.tensors[node.inputs[0]].dtype is not DType.FLOAT32:
        return node
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
        """None where the QUANTIZE reads anything but a function of one tensor's codes."""
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
        graph = self.graph
        (start,) = self.entry.op.reference(graph.operands(self.entry), (_CODES,))
        inexact = [node for node in self.nodes if not _real(node)]
        values: dict[TensorId, Array] = {}
        for node in self.nodes:
            read = [self._value(values, i, start) for i in node.inputs]
            axis = inexact.index(node) if node in inexact else None
            values[node.outputs[0]] = self._results(node, read, axis, len(inexact))
        made = self._value(values, exit_.inputs[0], start)
        self._require_numbers(made, graph.tensors[exit_.outputs[0]])
        codes = exit_.op.reference(graph.operands(exit_), (made,))[0].reshape(-1, _CODES.size)
        unsure = np.flatnonzero((codes != codes[0]).any(axis=0))
        if unsure.size:
            raise self._undecided(inexact[-1], int(_CODES[unsure[0]]))
        first: Array = codes[0]
        return first

    def _value(self, values: dict[TensorId, Array], tensor_id: TensorId, start: Array) -> Array:
        """What is known of a tensor: [a result of each inexact function ..., code]."""
        data = self.graph.tensors[tensor_id].data
        return values.get(tensor_id, start) if data is None else data.reshape(1)

    def _results(self, node: Node, read: list[Array], axis: int | None, count: int) -> Array:
        """Everything that the node may give; what a C library chooses has an axis of its own."""
        function = _function(node)
        if axis is None:
            assert function is not None
            (made,) = function.compute(self.graph.operands(node), Values(read))
            return made
        assert isinstance(node.op, FloatFunction)
        low, high = node.op.bounds(self.graph.operands(node), read[0])
        low, high = (
            np.broadcast_to(end, (*(1,) * (count + 1 - end.ndim), *end.shape))
            for end in (low, high)
        )
        every = np.concatenate(list(self._between(low, high, axis)), axis=axis)
        if every.size > _MOST * _CODES.size:
            raise self._undecided(node, 0)
        return every

    def _between(self, low: Array, high: Array, axis: int) -> Iterator[Array]:  # noqa: ARG002
        """All float32 from the one to the other."""
        for _ in range(_RESULTS):
            yield low
            low = np.minimum(np.nextafter(low, np.float32(np.inf)), high)
            if np.array_equal(low, high):
                break
        yield high

    def _require_numbers(self, made: Array, target: Tensor) -> None:
        """Raise UnsupportedModel where the QUANTIZE reads what no int32 holds in its steps: what
        comes of that hangs on the processor, but for what is far below a zero point from 0 on."""
        every = made.reshape(-1, _CODES.size)
        with np.errstate(all="ignore"):
            steps = every / np.float32(target.q.scale)
        far = ~(steps < 2.0**31) | ((steps < -(2.0**31)) & (target.q.zero_point < 0))
        if far.any():
            code = int(_CODES[np.flatnonzero(far.any(axis=0))[0]])
            raise UnsupportedModel(
                f"{self.kinds} before '{target.name}' gives no number that can be quantized",
                why=f"for the code {code} its result is {every[0, code - int(_CODES[0])]}",
                next_step="keep its input where it is defined: clip it, or add a small number",
            )

    def _undecided(self, node: Node, code: int) -> UnsupportedModel:
        name = self.graph.tensors[node.outputs[0]].name
        return UnsupportedModel(
            f"{node.op.kind} '{name}' cannot be compiled exactly",
            why=f"its result for the code {code} lies between two int8 values so closely that the"
            " last bits of the C library's exp decide",
            next_step="quantize with other calibration data (some samples more or less), which"
            " moves the scale",
        )


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
