"""Which channels of which tensors can only go together.

A channel is a position of a tensor's last dimension. Operators that work channel by channel tie
those of their inputs to those of their outputs; a CONV_2D or FULLY_CONNECTED reads and writes
channels of its own choice, because its weights can be cut on both sides; what anything else reads
or writes stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Operands, Tensor, TensorId
from tinygen.ops import require
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.elementwise import Elementwise
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.lookup import Lookup
from tinygen.ops.mean import Mean
from tinygen.ops.pad import Pad
from tinygen.ops.pool import Pool2D
from tinygen.ops.quantize import Quantize
from tinygen.ops.reshape import SameBytes

Tie = tuple[TensorId, Array, TensorId, Array]
"""Channels of one tensor, and those of another that each of them goes with."""


@dataclass(frozen=True, eq=False)
class Component:
    """Tensors whose channels are tied, in classes that can only go whole."""

    members: Mapping[TensorId, Array]
    """For each tensor the class of each of its channels."""
    classes: int

    def channels(self, tensor_id: TensorId, number: int) -> Array:
        """The tensor's channels that are of this class."""
        return np.flatnonzero(self.members[tensor_id] == number)

    def counts(self, tensor_id: TensorId) -> Array:
        """How many of the tensor's channels each class has."""
        return np.bincount(self.members[tensor_id], minlength=self.classes)


def components(graph: Graph) -> Iterator[Component]:
    """All of which channels may be cut, in the graph's order."""
    tied = _Ties(graph)
    stays = set(graph.outside)
    for node in graph.nodes:
        ties = _ties(node, graph.operands(node))
        if ties is None:
            stays.update((*node.inputs, *node.outputs))
        else:
            for tie in ties:
                tied.add(*tie)
    return tied.components(stays)


def cuttable(node: Node, io: Operands) -> bool:
    """Whether the weights can be cut on both sides."""
    if not isinstance(node.op, Conv2D | FullyConnected):
        return False
    weights, bias = io.input(1), io.optional(2)
    if not weights.constant or not (bias is None or bias.constant):
        return False
    depth, source = weights.shape[-1], io.input(0).shape
    if isinstance(node.op, Conv2D):
        return depth == source[-1]  # else in groups
    return len(source) > 0 and depth % source[-1] == 0


def _ties(node: Node, io: Operands) -> Iterable[Tie] | None:
    """What the node ties together; None where it takes the tensors only as they are."""
    op, target = node.op, io.outputs[0]
    if cuttable(node, io):
        return ()
    live = [t for t in io.inputs if t is not None and not t.constant]
    if not live or not target.shape or not all(t.shape for t in live):
        return None
    source, last = live[0], len(target.shape) - 1
    if isinstance(op, DepthwiseConv2D):
        bias = io.optional(2)
        known = io.input(1).constant and (bias is None or bias.constant)
        return [_spread(source, target)] if known and len(live) == 1 else None
    if isinstance(op, SameBytes):
        return [_regrouped(source, target)] if _divides(source, target) else None
    if isinstance(op, Elementwise):
        constants = [t for t in io.inputs if t is not None and t.constant]
        fits = all(t.shape[-1] == target.shape[-1] for t in live)
        fits = fits and all(t.shape[-1:] in ((), (1,), target.shape[-1:]) for t in constants)
        return [_same(t, target) for t in live] if fits else None
    if isinstance(op, Concatenation):
        if len(live) != len(io.inputs):
            return None
        if require.axis(op.kind, op.axis, last + 1) != last:
            return [_same(t, target) for t in live]
        starts = np.cumsum([0, *(t.shape[-1] for t in live)])
        return [_same(t, target, int(at)) for t, at in zip(live, starts, strict=False)]
    if _channel_by_channel(node, io):
        return [_same(source, target)]
    return None


def _channel_by_channel(node: Node, io: Operands) -> bool:
    """Whether output channel c is made of channel c of the one input, and no constant has it."""
    op, source = node.op, io.input(0)
    if isinstance(op, Mean):
        last = len(source.shape) - 1
        axes = {require.axis(op.kind, int(a), last + 1) for a in io.integers(1).reshape(-1)}
        return last not in axes
    if isinstance(op, Pad):
        return not io.integers(1)[-1].any()
    if isinstance(op, Quantize):
        return source.dtype is DType.INT8 and io.output.dtype is DType.INT8
    return isinstance(op, Lookup | Pool2D)


def _same(source: Tensor, target: Tensor, at: int = 0) -> Tie:
    channels = np.arange(source.shape[-1])
    return source.id, channels, target.id, channels + at


def _spread(source: Tensor, target: Tensor) -> Tie:
    channels = np.arange(target.shape[-1])
    return source.id, channels // (target.shape[-1] // source.shape[-1]), target.id, channels


def _divides(source: Tensor, target: Tensor) -> bool:
    few, many = sorted((source.shape[-1], target.shape[-1]))
    return few > 0 and many % few == 0


def _regrouped(source: Tensor, target: Tensor) -> Tie:
    """The same elements in the same order in rows of another length."""
    channels = np.arange(max(source.shape[-1], target.shape[-1]))
    return source.id, channels % source.shape[-1], target.id, channels % target.shape[-1]


class _Ties:
    """Channels of all tensors, joined into classes, and tensors into components."""

    def __init__(self, graph: Graph) -> None:
        used = {i for node in graph.nodes for i in (*node.inputs, *node.outputs) if i != ABSENT}
        live = (graph.tensors[i] for i in sorted(used) if not graph.tensors[i].constant)
        self._sizes = {t.id: t.shape[-1] for t in live if t.shape and t.elements}
        starts = np.cumsum([0, *self._sizes.values()])
        self._start = dict(zip(self._sizes, starts.tolist(), strict=False))
        self._class = np.arange(int(starts[-1]))
        self._component = {i: i for i in self._sizes}
        self._members = {i: [i] for i in self._sizes}

    def add(self, a: TensorId, a_channels: Array, b: TensorId, b_channels: Array) -> None:
        first, second = self._component[a], self._component[b]
        if first != second:
            for member in self._members[second]:
                self._component[member] = first
            self._members[first] += self._members.pop(second)
        pairs = a_channels + self._start[a], b_channels + self._start[b]
        everywhere = np.concatenate([self._range(m) for m in self._members[first]])
        self._join(everywhere, *pairs)

    def _range(self, tensor_id: TensorId) -> Array:
        return np.arange(self._start[tensor_id], self._start[tensor_id] + self._sizes[tensor_id])

    def _join(self, where: Array, a: Array, b: Array) -> None:
        """The least number of a class spreads over every pair until none differs."""
        while True:
            low = np.minimum(self._class[a], self._class[b])
            if (self._class[a] == low).all() and (self._class[b] == low).all():
                return
            least = np.arange(self._class.size)
            np.minimum.at(least, self._class[a], low)
            np.minimum.at(least, self._class[b], low)
            self._class[where] = least[self._class[where]]

    def components(self, stays: set[TensorId]) -> Iterator[Component]:
        for members in self._members.values():
            if stays.isdisjoint(members):
                yield self._component_of(sorted(members))

    def _component_of(self, members: Sequence[TensorId]) -> Component:
        found = [self._class[self._range(i)] for i in members]
        names, numbers = np.unique(np.concatenate(found), return_inverse=True)
        ends = np.cumsum([self._sizes[i] for i in members])[:-1]
        return Component(dict(zip(members, np.split(numbers, ends), strict=True)), names.size)
