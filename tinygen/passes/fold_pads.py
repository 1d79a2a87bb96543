"""A PAD goes into the windows that slide over it: padding is four numbers.

What lies outside of the image stands for the zero point in CONV_2D and DEPTHWISE_CONV_2D; in
MAX_POOL_2D it is never the largest. So a PAD of the zero point, or of nothing above what is there,
need not be written into memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

from tinygen.analysis import facts
from tinygen.errors import UnsupportedModel
from tinygen.ir import Graph, Interval, Node, TensorId
from tinygen.ops.convolution import Convolution
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.pad import Pad
from tinygen.ops.spatial import Border


def fold_pads(graph: Graph) -> Graph:
    """The graph without PADs that all of their readers can do without."""
    while folded := _Fold(graph).nodes():
        nodes = tuple(folded.get(id(node), node) for node in graph.nodes)
        graph = graph.replace(nodes=nodes)
    return graph


class _Fold:
    """One sweep: PADs in a row go one after the other."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def nodes(self) -> dict[int, Node]:
        """By a node's identity what becomes of it; PADs are left behind without a reader."""
        found: dict[int, Node] = {}
        for node in self._graph.nodes:
            if isinstance(node.op, Pad) and node.outputs[0] not in self._graph.outside:
                readers = self._graph.readers(node.outputs[0])
                wider = [self._widened(reader, node, node.op) for reader in readers]
                if all(wider):
                    found |= {id(a): b for a, b in zip(readers, wider, strict=True) if b}
        return found

    def _widened(self, reader: Node, node: Node, op: Pad) -> Node | None:
        """The reader with the PAD in its window, reading what the PAD reads."""
        io = self._graph.operands(node)
        source, padded = io.input(0), io.output
        if len(source.shape) != 4 or source.quant != padded.quant:
            return None
        if reader.inputs.count(padded.id) != 1 or reader.inputs[0] != padded.id:
            return None
        batch, rows, columns, channels = op.paddings(io)
        border = op.border(io)
        if any((*batch, *channels)) or border is None:
            return None
        taken = self._graph.operands(reader)
        if isinstance(reader.op, Convolution):
            if border != source.q.zero_point:
                return None
            windows = reader.op.extents(padded.shape, taken.input(1).shape)
        elif isinstance(reader.op, MaxPool2D):
            if self._least(source.id) < border:
                return None
            windows = reader.op.extents(padded.shape)
        else:
            return None
        padding = Border.of(*windows) + Border(*rows, *columns)
        wider = replace(reader.op, padding=padding)
        inputs = (source.id, *reader.inputs[1:])
        try:
            shapes = wider.infer(replace(taken, inputs=(source, *taken.inputs[1:])))
        except UnsupportedModel:  # a window that would lie in the border alone
            return None
        return Node(wider, inputs, reader.outputs) if shapes == (taken.output.shape,) else None

    def _least(self, tensor_id: TensorId) -> int:
        """The least code that the tensor can have."""
        known = self._facts.get(tensor_id)
        lowest = self._graph.tensors[tensor_id].dtype.low
        return lowest if known is None else int(known.low.min())

    @cached_property
    def _facts(self) -> Mapping[TensorId, Interval]:
        try:
            return facts(self._graph).ranges
        except UnsupportedModel:  # which compiling it says
            return {}
