"""Equal steps, one after the other, become one step that is repeated: a layer that was unrolled is
a loop again."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from tinygen.ir import ABSENT, Graph, Node, State, Tensor, TensorId
from tinygen.ops.pack import Pack, Unpack
from tinygen.ops.repeat import Part, Repeat
from tinygen.ops.reshape import Reshape
from tinygen.ops.weighted import Weighted
from tinygen.passes.equal_steps import EqualSteps, Place, Side
from tinygen.passes.remove_dead import remove_dead

_FEWEST = 4
"""Steps that are worth a loop."""


def roll_steps(graph: Graph) -> Graph:
    """The graph with a REPEAT for equal steps."""
    passed: set[Hashable] = set()
    while (found := next(_rolled(graph, passed), None)) is not None:
        graph = found
    return graph


def with_bodies(graph: Graph, transform: Callable[[Graph], Graph]) -> Graph:
    """The graph with what becomes of each step that is repeated."""
    nodes = []
    for node in graph.nodes:
        if isinstance(node.op, Repeat):
            body = transform(node.op.body)
            if body.nodes != node.op.body.nodes:
                node = replace(node, op=replace(node.op, body=body))  # noqa: PLW2901
        nodes.append(node)
    return graph if nodes == list(graph.nodes) else graph.replace(nodes=tuple(nodes))


def _rolled(graph: Graph, passed: set[Hashable]) -> Iterator[Graph]:
    """The graph with one more REPEAT, where there can be one; `passed` are the weights that were
    looked at."""
    for weights, row in _rows(graph).items():
        if weights in passed:
            continue
        passed.add(weights)
        # The first step may be another one: it begins with zeros.
        steps = EqualSteps.before(graph, row) or EqualSteps.before(graph, row[1:])
        if steps is not None:
            made = _with_repeat(graph, steps)
            if made is not None:
                yield made


def _rows(graph: Graph) -> dict[Hashable, list[Node]]:
    """Nodes with the same weights, each of which depends on the one before."""
    alike: dict[Hashable, list[Node]] = {}
    for node in graph.nodes:
        if isinstance(node.op, Weighted):
            held = (None if i == ABSENT else graph.tensors[i] for i in node.inputs[1:])
            key = tuple(
                t and (t.id if t.data is None else (t.quant, t.data.tobytes())) for t in held
            )
            alike.setdefault((node.op, key), []).append(node)
    several = {key: nodes for key, nodes in alike.items() if len(nodes) >= _FEWEST}
    return {key: nodes for key, nodes in several.items() if _in_a_row(graph, nodes)}


def _in_a_row(graph: Graph, nodes: Sequence[Node]) -> bool:
    numbers = {id(node): number for number, node in enumerate(nodes)}
    after: dict[TensorId, int] = {}
    for node in graph.nodes:
        number = max((after.get(i, -1) for i in node.inputs), default=-1)
        if id(node) in numbers:
            if number != numbers[id(node)] - 1:
                return False
            number += 1
        after.update(dict.fromkeys(node.outputs, number))
    return True


def _with_repeat(graph: Graph, steps: EqualSteps) -> Graph | None:
    """The graph with one node for all steps; None where it would depend on itself."""
    made = _Body(graph, steps)
    gone = steps.ids()
    nodes = _in_order([node for node in graph.nodes if id(node) not in gone], made)
    if nodes is None:
        return None
    tensors = {**graph.tensors, **made.outside}
    return remove_dead(graph.replace(tensors=tensors, nodes=tuple(nodes)))


class _Body:
    """The node that repeats a step, and what takes its outputs apart."""

    def __init__(self, graph: Graph, steps: EqualSteps) -> None:
        self._graph, self._steps, self._inner = graph, steps, steps.ids()
        self._fresh = max(graph.tensors) + 1
        self.outside: dict[TensorId, Tensor] = {}
        """New tensors of the graph."""
        self.packs: dict[int, Node] = {}
        """By the identity of nodes that put all steps together, what they are now."""
        self.apart: list[Node] = []
        """Nodes that take apart what is of all steps."""
        tensors = {
            i: graph.tensors[i]
            for group in steps.groups
            for i in (*group[0].inputs, *group[0].outputs)
            if i != ABSENT
        }
        read: list[TensorId] = []
        inputs: list[TensorId] = []
        parts: list[Part | None] = []
        names: dict[Side, TensorId] = {}
        for side, (whole, part) in steps.parts.items():
            names[side] = self._new(tensors, side[0])
            inputs.append(names[side])
            parts.append(part)
            read.append(whole)
        for side in steps.same:
            if graph.tensors[side[0]].data is None and side[0] not in inputs:
                inputs.append(side[0])
                parts.append(None)
                read.append(side[0])
        states: dict[tuple[Place, TensorId], State] = {}
        for side, place in steps.carried.items():
            key = place, side[0]
            if key not in states:
                new = self._new(tensors, side[0])
                written = steps.groups[place.group][0].outputs[place.output]
                shape, dtype = tensors[new].shape, tensors[new].dtype
                states[key] = State(new, written, np.zeros(shape, dtype.numpy))
                read.append(side[0])
            names[side] = states[key].read
        nodes = tuple(
            replace(
                group[0],
                inputs=tuple(
                    names.get(tuple(n.inputs[at] for n in group[: steps.found]), i)
                    for at, i in enumerate(group[0].inputs)
                ),
            )
            for group in steps.groups
        )
        told = self._told()
        used = {i for node in nodes for i in (*node.inputs, *node.outputs)}
        body = Graph(
            f"{graph.name}, a step",
            {i: tensor for i, tensor in tensors.items() if i in used},
            nodes,
            tuple(inputs),
            tuple(first for first, _, _ in told),
            tuple(states.values()),
        )
        body.verify()
        op = Repeat(body, steps.count, tuple(parts), tuple(every for _, _, every in told))
        self.node = Node(op, tuple(read), tuple(output for _, output, _ in told))

    def _new(self, tensors: dict[TensorId, Tensor], like: TensorId) -> TensorId:
        """A tensor of the body like one of the graph."""
        new = replace(self._graph.tensors[like], id=self._fresh, data=None)
        tensors[new.id] = new
        self._fresh += 1
        return new.id

    def _told(self) -> list[tuple[TensorId, TensorId, bool]]:
        """For each output of the body: its tensor there, the node's, and whether that has it of
        every step."""
        told = []
        for group in self._steps.groups:
            for side in zip(*(node.outputs for node in group), strict=True):
                used = [i for i in side if self._is_used(i)]
                if used == [side[-1]]:
                    told.append((side[0], side[-1], False))
                elif used:
                    told.append((side[0], self._stacked(side), True))
        return told

    def _is_used(self, tensor_id: TensorId) -> bool:
        readers = self._graph.readers(tensor_id)
        outside = any(id(node) not in self._inner for node in readers)
        return outside or tensor_id in self._graph.outside

    def _stacked(self, side: Side) -> TensorId:
        """One tensor of all steps, which is taken apart for whoever does not read all of it."""
        first = self._graph.tensors[side[0]]
        whole = replace(
            first, id=self._fresh, name=f"{first.name}/steps", shape=(len(side), *first.shape)
        )
        self._fresh += 1
        self.outside[whole.id] = whole
        for node in self._graph.readers(side[0]):
            if isinstance(node.op, Pack) and node.inputs == side and self._stays(node):
                shape = self._graph.tensors[node.outputs[0]].shape
                self.packs[id(node)] = Node(Reshape(shape), (whole.id,), node.outputs)
        self.apart.append(Node(Unpack(0), (whole.id,), side))
        return whole.id

    def _stays(self, node: Node) -> bool:
        """Whether a PACK leaves steps as they lie, one behind the other."""
        assert isinstance(node.op, Pack)
        shape = self._graph.tensors[node.outputs[0]].shape
        return all(size == 1 for size in shape[: node.op.axis % len(shape)])


def _in_order(nodes: Sequence[Node], made: _Body) -> list[Node] | None:
    """These nodes with those that are new, each behind what it reads; None where that cannot be."""
    every = [*(made.packs.get(id(node), node) for node in nodes), made.node, *made.apart]
    made_here = {i for node in every for i in node.outputs}
    waiting = {id(node): len(made_here.intersection(node.inputs)) for node in every}
    readers: dict[TensorId, list[int]] = {}
    for number, node in enumerate(every):
        for i in made_here.intersection(node.inputs):
            readers.setdefault(i, []).append(number)
    ready = [number for number, node in enumerate(every) if not waiting[id(node)]]
    order: list[Node] = []
    while ready:
        node = every[heapq.heappop(ready)]
        order.append(node)
        for i in node.outputs:
            for number in readers.get(i, ()):
                waiting[id(every[number])] -= 1
                if not waiting[id(every[number])]:
                    heapq.heappush(ready, number)
    return order if len(order) == len(every) else None
