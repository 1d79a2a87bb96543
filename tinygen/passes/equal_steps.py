"""Nodes that compute the same in several steps, one step after the other.

They are found from nodes with the same weights, each of which depends on the one before, as an
unrolled recurrent layer has one for every step. From what one of them reads, all steps are followed
backward side by side: what differs is a part of one tensor, or what the step before made.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tinygen.ir import ABSENT, Alias, Graph, Node, TensorId
from tinygen.ops.move import Move
from tinygen.ops.repeat import Part

Side = tuple[TensorId, ...]
"""The same tensor in each step."""


@dataclass(frozen=True)
class Place:
    """Where a tensor comes from that the steps make: the output of one of the body's nodes."""

    group: int
    output: int


class _Fails(Exception):
    """The steps are not equal."""


class EqualSteps:
    """The nodes of equal steps, side by side."""

    def __init__(self, graph: Graph, count: int) -> None:
        self.graph = graph
        self.count = self.found = count
        """So many steps there are, and so many were found at first."""
        self.groups: list[list[Node]] = []
        """For each node of a step that node in every step."""
        self.places: dict[TensorId, tuple[int, Place]] = {}
        """Of each tensor that the steps make: the step, and where in it."""
        self.parts: dict[Side, tuple[TensorId, Part]] = {}
        self.carried: dict[Side, Place] = {}
        self.same: set[Side] = set()

    @classmethod
    def before(cls, graph: Graph, row: Sequence[Node]) -> EqualSteps | None:
        """The steps between nodes in a row, and behind the last of them, where they are equal."""
        for source, first in enumerate(row[0].inputs):
            if first == row[1].inputs[source]:
                continue
            steps = cls(graph, len(row) - 1)
            side = tuple(node.inputs[source] for node in row[1:])
            try:
                steps._follow(side)
                steps._order()
            except _Fails:
                continue
            if all(id(node) in steps.ids() for node in row[:-1]):
                steps._one_more()
                return steps if steps.carried else None
        return None

    def ids(self) -> set[int]:
        """Of all nodes."""
        return {id(node) for group in self.groups for node in group}

    def _follow(self, side: Side) -> None:
        """Where a tensor of each step comes from."""
        pending = [side]
        while pending:
            side = pending.pop()
            if self._is_known(side) or self._is_same(side) or self._is_part(side):
                continue
            pending += self._group(side)

    def _is_known(self, side: Side) -> bool:
        """Whether the step itself makes it, or the step before."""
        if side in self.carried or self._made(side):
            return True
        if not self._made(side[1:]):
            return False
        place = self.places[side[1]][1]
        made = self.groups[place.group][0].outputs[place.output]
        if side[0] in self.places or self._kind(side[0]) != self._kind(made):
            raise _Fails
        self.carried[side] = place
        return True

    def _made(self, tensors: Sequence[TensorId]) -> bool:
        """Whether steps make them, one after the other, in the same place."""
        found = self.places.get(tensors[0])
        return found is not None and all(
            self.places.get(i) == (step, found[1]) for step, i in enumerate(tensors)
        )

    def _is_same(self, side: Side) -> bool:
        tensors = [self.graph.tensors[i] for i in side]
        first = tensors[0]
        same = len(set(side)) == 1 or all(
            t.data is not None
            and first.data is not None
            and self._kind(t.id) == self._kind(first.id)
            and np.array_equal(t.data, first.data)
            for t in tensors
        )
        if same:
            self.same.add(side)
        return same

    def _is_part(self, side: Side) -> bool:
        if len({self._kind(i) for i in side}) != 1:
            raise _Fails
        found = [_whole(self.graph, i) for i in side]
        size = self.graph.tensors[side[0]].dtype.size
        strides = {b[1] - a[1] for a, b in itertools.pairwise(found)}
        if len({whole for whole, _ in found}) > 1 or len(strides) != 1:
            return False
        whole, first = found[0]
        self.parts[side] = whole, Part(first // size, strides.pop() // size)
        return True

    def _group(self, side: Side) -> Iterator[Side]:
        """The nodes that make a tensor of each step, and what they read."""
        nodes = [self.graph.writer(i) for i in side]
        first = nodes[0]
        if first is None:
            raise _Fails
        at = first.outputs.index(side[0])
        group = [node for node in nodes if node is not None]
        if len(group) != len(nodes) or len({id(node) for node in group}) != len(group):
            raise _Fails
        for node, tensor in zip(group, side, strict=True):
            equal = self._signature(node) == self._signature(first)
            if not equal or node.outputs.index(tensor) != at or node.outputs[0] in self.places:
                raise _Fails
        self._add(group)
        for position, index in enumerate(first.inputs):
            if index != ABSENT:
                yield tuple(node.inputs[position] for node in group)

    def _add(self, group: list[Node]) -> None:
        for step, node in enumerate(group):
            for output, i in enumerate(node.outputs):
                self.places[i] = step, Place(len(self.groups), output)
        self.groups.append(group)

    def _signature(self, node: Node) -> Hashable:
        absent = tuple(i == ABSENT for i in node.inputs)
        return node.op, absent, tuple(self._kind(i) for i in node.outputs)

    def _kind(self, tensor_id: TensorId) -> Hashable:
        tensor = self.graph.tensors[tensor_id]
        return tensor.shape, tensor.dtype, tensor.quant

    def _order(self) -> None:
        """The groups as the nodes of the first step are in the graph, tensors' places with them."""
        at = {id(node): number for number, node in enumerate(self.graph.nodes)}
        order = sorted(range(len(self.groups)), key=lambda g: at[id(self.groups[g][0])])
        new = {old: number for number, old in enumerate(order)}

        def moved(place: Place) -> Place:
            return replace(place, group=new[place.group])

        self.groups = [self.groups[g] for g in order]
        self.places = {i: (step, moved(place)) for i, (step, place) in self.places.items()}
        self.carried = {side: moved(place) for side, place in self.carried.items()}

    def _one_more(self) -> None:
        """Add the step behind the last one, where it is equal too."""
        found: list[Node] = []
        for group in self.groups:
            expected = [
                None if i == ABSENT else self._next(tuple(n.inputs[at] for n in group), found)
                for at, i in enumerate(group[0].inputs)
            ]
            same = [node for node in self.graph.nodes if self._is_next(node, group[0], expected)]
            if len(same) != 1 or same[0].outputs[0] in self.places:
                return
            found += same
        for number, node in enumerate(found):
            self.groups[number].append(node)
            for output, i in enumerate(node.outputs):
                self.places[i] = self.count, Place(number, output)
        self.count += 1

    def _next(self, side: Side, found: Sequence[Node]) -> object:
        """What the step behind the last one reads in this place: a tensor, or a part of one."""
        if side in self.parts:
            whole, part = self.parts[side]
            return whole, part.first + self.count * part.stride
        if side in self.same:
            return side[0]
        if side in self.carried:
            place = self.carried[side]
            return self.groups[place.group][-1].outputs[place.output]
        _, place = self.places[side[0]]
        return found[place.group].outputs[place.output]

    def _is_next(self, node: Node, like: Node, expected: Sequence[object]) -> bool:
        if self._signature(node) != self._signature(like) or len(node.inputs) != len(expected):
            return False
        return all(
            want is None or self._reads(i, want)
            for i, want in zip(node.inputs, expected, strict=True)
        )

    def _reads(self, tensor_id: TensorId, want: object) -> bool:
        if isinstance(want, tuple):
            whole, at = _whole(self.graph, tensor_id)
            return (whole, at // self.graph.tensors[tensor_id].dtype.size) == want
        if tensor_id == want:
            return True
        tensor, other = self.graph.tensors[tensor_id], self.graph.tensors[int(str(want))]
        same = self._kind(tensor_id) == self._kind(other.id)
        return bool(
            same
            and tensor.data is not None
            and other.data is not None
            and np.array_equal(tensor.data, other.data)
        )


def _whole(graph: Graph, tensor_id: TensorId) -> tuple[TensorId, int]:
    """The tensor whose bytes these are, and how far behind its first one they begin."""
    offset = 0
    while (node := graph.writer(tensor_id)) is not None:
        if not isinstance(node.op, Move):
            break
        for step in node.op.lower(graph.operands(node)):
            alias = step if isinstance(step, Alias) else step.needless
            if alias is None or alias.target != tensor_id or alias.source not in node.inputs:
                continue
            if graph.tensors[alias.source].nbytes >= graph.tensors[tensor_id].nbytes:
                offset += alias.offset
                tensor_id = alias.source
                break
        else:
            break
    return tensor_id, offset
