"""Channels that are the same for every input go, and so do those that nobody uses.

A channel whose weights are zero, or whose sums all end at one clamp, is a constant: its share of a
sum goes into the bias of the layer that reads it. A channel that meets zero weights alone is not
used. Trained networks have many of both, since a ReLU that is never active is never trained again.
Each goes from the layer that makes it to those that read it, through everything in between that
works channel by channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinygen.analysis import Facts, facts
from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    ABSENT,
    Array,
    DType,
    Graph,
    Interval,
    Node,
    Operands,
    Quant,
    Tensor,
    TensorId,
)
from tinygen.ops.convolution import Convolution
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.elementwise import Elementwise
from tinygen.ops.requantization import bias_or_zeros
from tinygen.ops.reshape import Reshape, SameBytes
from tinygen.ops.weighted import Weighted
from tinygen.passes.channels import Component, components, cuttable

UNIT = 4
"""Kernels take so many channels at a time: a tensor that has a multiple of it keeps one."""


def drop_channels(graph: Graph) -> Graph:
    """The graph without those channels, until there is none left; as it is where a node is
    impossible, which compiling it says, and where it computes in int16."""
    if any(t.dtype is DType.INT16 for t in graph.tensors.values()):
        return graph
    while True:
        try:
            known = facts(graph)
        except UnsupportedModel:
            return graph
        cut = _Cut(graph)
        for component in components(graph):
            cut.take(component, known)
        if not cut.keep:
            return graph
        graph = cut.result()


def dropped_channels(before: Graph, after: Graph) -> int:
    """How many channels that `before` has of its layers with weights `after` has not."""
    ids = {i for node in before.nodes if isinstance(node.op, Weighted) for i in node.outputs}
    pairs = ((before.tensors[i], after.tensors[i]) for i in ids if i in after.tensors)
    return sum(a.shape[-1] - b.shape[-1] for a, b in pairs)


@dataclass(frozen=True, eq=False)
class _Reader:
    """A layer with weights that reads a tensor, and may do without some of its channels."""

    node: Node
    bias: Array
    """int64 [output channel]."""
    shares: Array
    """int64 [output channel, input channel]: what an input channel adds to the sums, where it is
    always the same."""
    spares: Array
    """bool [input channel]: whether the layer can do without."""
    classes: Array
    """Of the input's channels."""

    @classmethod
    def of(cls, node: Node, io: Operands, values: Interval, classes: Array) -> _Reader:
        """`values` are what is known of the input."""
        weights, bias, source = io.constant(1), io.optional(2), io.input(0)
        rows = weights.astype(np.int64).reshape(weights.shape[0], -1, classes.size)
        unused = (rows == 0).all(axis=(0, 1))
        steps = np.where(unused, 0, values.channels(classes.size).low - source.q.zero_point)
        # What lies outside of the image is the zero point: a channel of another value adds as much
        # everywhere only if every sort of window has the same weights inside.
        sorts = np.stack(list(_inside(node, source, weights)))
        added = sorts * steps
        constant = values.channels(classes.size).low == values.channels(classes.size).high
        spares = unused | (constant & (added == added[0]).all(axis=(0, 1)))
        data = None if bias is None else bias.data
        return cls(
            node,
            bias_or_zeros(data, weights.shape[0]).astype(np.int64),
            added[0],
            spares,
            classes,
        )

    def without(self, gone: Sequence[int]) -> Array:
        """The bias that stands for these classes."""
        bias: Array = self.bias + self.shares[:, np.isin(self.classes, gone)].sum(axis=1)
        return bias


def _inside(node: Node, source: Tensor, weights: Array) -> Iterator[Array]:
    """int64 [output channel, input channel] for each sort of window: the sum of the weights that
    lie inside of the image."""
    wide = weights.astype(np.int64)
    if isinstance(node.op, Convolution):
        height, width = node.op.extents(source.shape, weights.shape)
        for rows in height.taps_inside():
            for columns in width.taps_inside():
                yield wide[:, slice(*rows), slice(*columns)].sum(axis=(1, 2))
    else:
        yield wide.reshape(weights.shape[0], -1, source.shape[-1]).sum(axis=1)


class _Cut:
    """What goes from a graph, and what becomes of the layers around it."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.keep: dict[TensorId, Array] = {}
        """bool [channel] of the tensors that lose some."""
        self._biases: dict[int, Array] = {}
        """By a node's identity: int64 [output channel], before any of those is cut."""
        self._tensors = dict(graph.tensors)

    def take(self, component: Component, known: Facts) -> None:
        """Cut what can go of the component."""
        readers = [
            _Reader.of(node, io, known.ranges[tensor_id], classes)
            for tensor_id, classes in component.members.items()
            for node in self._graph.readers(tensor_id)
            # Any other is tied to the tensor, and loses what that loses.
            if cuttable(node, io := self._graph.operands(node))
        ]
        free = np.ones(component.classes, np.bool_)
        for reader in readers:
            free[reader.classes[~reader.spares]] = False
        gone = _rounded(component, _affordable(np.flatnonzero(free), readers))
        if len(gone):
            self.keep.update({i: ~np.isin(c, gone) for i, c in component.members.items()})
            self._biases.update({id(reader.node): reader.without(gone) for reader in readers})

    def result(self) -> Graph:
        """The graph without them; constants that nobody reads any more are left behind."""
        for tensor_id, keep in self.keep.items():
            shape = (*self._tensors[tensor_id].shape[:-1], int(keep.sum()))
            self._tensors[tensor_id] = replace(self._tensors[tensor_id], shape=shape)
        nodes = tuple(self._rewritten(node) for node in self._graph.nodes)
        return self._graph.replace(tensors=self._tensors, nodes=nodes)

    def _rewritten(self, node: Node) -> Node:
        """The node as it is in the new graph."""
        taken = self.keep.get(node.inputs[0]) if node.inputs else None
        made = self.keep.get(node.outputs[0])
        if isinstance(node.op, Weighted):
            changed = taken is not None or made is not None
            return replace(node, inputs=self._weights(node, taken, made)) if changed else node
        if made is None:
            return node
        if isinstance(node.op, SameBytes):
            shape = self._tensors[node.outputs[0]].shape
            return Node(Reshape(shape), node.inputs[:1], node.outputs)
        if isinstance(node.op, Elementwise):
            return replace(node, inputs=tuple(self._constant(i, made) for i in node.inputs))
        return node

    def _constant(self, tensor_id: TensorId, made: Array) -> TensorId:
        """An operand of an element-wise operator, which may have a number for each channel."""
        tensor = self._graph.tensors[tensor_id]
        if not tensor.constant or tensor.shape[-1:] != made.shape:
            return tensor_id
        return self._add(_cut(tensor, -1, made))

    def _weights(self, node: Node, taken: Array | None, made: Array | None) -> tuple[TensorId, ...]:
        """The inputs of a layer with weights, those cut and its bias with what they stood for."""
        assert isinstance(node.op, Weighted)
        io = self._graph.operands(node)
        weights, bias = io.input(1), io.optional(2)
        if taken is not None and not isinstance(node.op, DepthwiseConv2D):
            weights = _cut(weights, -1, np.tile(taken, weights.shape[-1] // taken.size))
        if made is not None:
            weights = _cut(weights, node.op.channel_axis, made)
        folded = self._biases.get(id(node))
        if folded is not None and (bias is not None or folded.any()):
            bias = bias or Tensor(ABSENT, f"{weights.name}/bias", (), DType.INT32)
            bias = replace(bias, shape=folded.shape, data=folded.astype(np.int32))
        if bias is None:
            return (node.inputs[0], self._add(weights), *node.inputs[2:])
        if made is not None:
            bias = _cut(bias, -1, made)
        return (node.inputs[0], self._add(weights), self._add(bias))

    def _add(self, tensor: Tensor) -> TensorId:
        """The tensor's id among the new graph's tensors."""
        new = replace(tensor, id=max(self._tensors) + 1)
        self._tensors[new.id] = new
        return new.id


def _affordable(free: Array, readers: Sequence[_Reader]) -> list[int]:
    """Classes in their order, each of which leaves the biases that it goes into within int32."""
    taken: list[int] = []
    biases = [reader.bias for reader in readers]
    for number in free.tolist():
        added = [
            bias + reader.shares[:, reader.classes == number].sum(axis=1)
            for bias, reader in zip(biases, readers, strict=True)
        ]
        if all((np.abs(bias) <= DType.INT32.high).all() for bias in added):
            biases = added
            taken.append(number)
    return taken


def _rounded(component: Component, taken: Sequence[int]) -> Sequence[int]:
    """As many of these classes, from the first on, as leave every tensor multiples of `UNIT`. Where
    none do, because they were none before, all but what would leave a tensor empty."""
    gone = np.array(taken, np.int64)
    left = np.stack(
        [
            classes.size - np.cumsum([0, *np.bincount(classes, minlength=component.classes)[gone]])
            for classes in component.members.values()
        ]
    )
    possible = np.flatnonzero((left > 0).all(axis=0))
    whole = np.flatnonzero(((left > 0) & (left % UNIT == 0)).all(axis=0))
    return taken[: int((whole if whole.size else possible)[-1])]


def _cut(tensor: Tensor, axis: int, keep: Array) -> Tensor:
    """A constant with only these positions of a dimension."""
    assert tensor.data is not None
    axis %= len(tensor.shape)
    data = np.compress(keep, tensor.data, axis)
    data.flags.writeable = False
    quant = tensor.quant
    if quant is not None and not quant.per_tensor and len(quant.scales) == keep.size:
        scales, points = np.array(quant.scales), np.array(quant.zero_points)
        points = np.broadcast_to(points, scales.shape)
        if quant.axis == axis:
            quant = Quant(tuple(scales[keep].tolist()), tuple(points[keep].tolist()), axis)
    return replace(tensor, shape=data.shape, data=data, quant=quant)
