"""Nodes in the order in which the fewest bytes are needed at once, where a graph has branches.

What has been computed is a set of nodes that holds all that its nodes read: which bytes live then
does not hang on the way there. So the best order is found set by set, each from those with a node
less, as in Liberis and Lane, "Neural networks on microcontrollers: saving memory at inference via
operator reordering" (2019) and Ahn et al., "Ordering Chaos: Memory-Aware Scheduling of Irregularly
Wired Neural Networks for Edge Devices" (2020). Where there are too many sets, the best of each size
are gone on from.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from tinygen.ir import ABSENT, Graph, Node, TensorId
from tinygen.ops.binary import Binary
from tinygen.ops.lookup import Lookup
from tinygen.ops.reshape import SameBytes

BUDGET = 20_000
"""Sets that are looked at before only `_BEAM` of each size are kept."""
_BEAM = 64


def reorder(graph: Graph) -> Graph:
    """The graph with the nodes in the best order that is found; itself where that saves nothing."""
    needs = _Needs(graph)
    order = needs.best()
    if needs.peak(order) >= needs.peak(range(len(graph.nodes))):
        return graph
    return graph.replace(nodes=tuple(graph.nodes[at] for at in order))


def peak_bytes(graph: Graph) -> int:
    """The most bytes that are needed at once, of tensors, in the graph's order."""
    return _Needs(graph).peak(range(len(graph.nodes)))


@dataclass(frozen=True, eq=False)
class _Reached:
    """How a set of computed nodes was reached with the lowest peak."""

    peak: int
    live: int
    ready: tuple[int, ...]
    """Nodes that can come next."""
    last: int = -1
    """The node that was computed last."""
    before: _Reached | None = None

    @property
    def order(self) -> tuple[int, ...]:
        found, reached = [], self
        while reached.before is not None:
            found.append(reached.last)
            reached = reached.before
        return tuple(reversed(found))


class _Needs:
    """What of a graph's tensors is needed when; sets of nodes are the bits of a number."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._roots: dict[TensorId, TensorId] = {}
        for node in graph.nodes:
            if isinstance(node.op, SameBytes):
                source = node.inputs[0]
                self._roots[node.outputs[0]] = self._roots.get(source, source)

    def _root(self, tensor_id: TensorId) -> TensorId:
        """Whose bytes the tensor's are."""
        return self._roots.get(tensor_id, tensor_id)

    @cached_property
    def _sizes(self) -> dict[TensorId, int]:
        """The bytes of those that take some."""
        tensors = self._graph.tensors
        return {i: t.nbytes for i, t in tensors.items() if not t.constant and self._root(i) == i}

    @cached_property
    def _reads(self) -> list[list[TensorId]]:
        """What each node reads, each once."""
        read = ((self._root(i) for i in node.inputs if i != ABSENT) for node in self._graph.nodes)
        return [list(dict.fromkeys(i for i in each if i in self._sizes)) for each in read]

    @cached_property
    def _writes(self) -> list[list[TensorId]]:
        return [[i for i in node.outputs if i in self._sizes] for node in self._graph.nodes]

    @cached_property
    def _before(self) -> list[int]:
        """The nodes that each node needs the results of."""
        at = self._positions
        return [sum({1 << at[i] for i in node.inputs if i in at}) for node in self._graph.nodes]

    @cached_property
    def _positions(self) -> dict[TensorId, int]:
        """The node that writes each tensor."""
        return {i: at for at, node in enumerate(self._graph.nodes) for i in node.outputs}

    @cached_property
    def _behind(self) -> list[list[int]]:
        """The nodes that need the results of each node."""
        found: list[list[int]] = [[] for _ in self._before]
        for at, node in enumerate(self._graph.nodes):
            for before in {self._positions[i] for i in node.inputs if i in self._positions}:
                found[before].append(at)
        return found

    @cached_property
    def _readers(self) -> dict[TensorId, int]:
        """The nodes that read each tensor; one that is never run for what is needed after all."""
        graph = self._graph
        kept = {*graph.outputs, *(s.written for s in graph.states), *(s.read for s in graph.states)}
        found = dict.fromkeys(self._sizes, 0)
        for at, reads in enumerate(self._reads):
            for i in reads:
                found[i] |= 1 << at
        for i in kept:
            if self._root(i) in found:
                found[self._root(i)] |= 1 << len(graph.nodes)
        return found

    @cached_property
    def _start(self) -> _Reached:
        """Before anything is computed."""
        graph = self._graph
        given = (*graph.inputs, *(state.read for state in graph.states))
        live = sum(self._sizes[i] for i in given)
        return _Reached(live, live, tuple(at for at, needs in enumerate(self._before) if not needs))

    def _after(self, done: int, reached: _Reached, at: int) -> _Reached:
        """One node more."""
        wholly = done | 1 << at
        written = sum(self._sizes[i] for i in self._writes[at])
        dying = [i for i in self._reads[at] if not self._readers[i] & ~wholly]
        gone = sum(self._sizes[i] for i in dying)
        unread = sum(self._sizes[i] for i in self._writes[at] if not self._readers[i] & ~wholly)
        peak = reached.live + written - self._in_place(self._graph.nodes[at], dying)
        live = reached.live + written - gone - unread
        more = (n for n in self._behind[at] if not self._before[n] & ~wholly)
        ready = (*(n for n in reached.ready if n != at), *more)
        return _Reached(max(reached.peak, peak), live, ready, at, reached)

    def _in_place(self, node: Node, dying: list[TensorId]) -> int:
        """Bytes that the output shares with an input that nobody reads any more."""
        if not isinstance(node.op, Lookup | Binary):
            return 0
        size = self._sizes.get(node.outputs[0], 0)
        return size if any(self._sizes[i] == size for i in dying) else 0

    def peak(self, order: Iterable[int]) -> int:
        done, reached = 0, self._start
        for at in order:
            reached = self._after(done, reached, at)
            done |= 1 << at
        return reached.peak

    def best(self) -> tuple[int, ...]:
        """The best order that is found."""
        level = {0: self._start}
        looked_at = 0
        for _ in self._graph.nodes:
            following: dict[int, _Reached] = {}
            for done, reached in level.items():
                for at in reached.ready:
                    looked_at += 1
                    one, key = self._after(done, reached, at), done | 1 << at
                    if key not in following or one.peak < following[key].peak:
                        following[key] = one
            level = following
            if looked_at > BUDGET:
                ranked = sorted(level.items(), key=lambda item: (item[1].peak, item[1].live))
                level = dict(ranked[:_BEAM])
        (reached,) = level.values()
        return reached.order
