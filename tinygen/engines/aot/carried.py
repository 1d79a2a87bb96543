"""States in C: what each is left as lies in bytes of its own, or in those that it is read from.

A state may be left as what another one was, or be an output: then that is copied first, so that
none is overwritten before it is carried over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tinygen.ir import Alias, Array, DType, Graph, Node, Tensor, TensorId
from tinygen.ops.slice import Slice
from tinygen.plan import MemoryPlan


def with_copies(graph: Graph) -> Graph:
    """The graph in which no output holds the bytes of a state, and no state is left as those of
    another one or a constant."""
    if not graph.states:
        return graph
    reads = {state.read for state in graph.states}
    copies: dict[TensorId, TensorId] = {}
    added: dict[TensorId, Tensor] = {}
    nodes: list[Node] = []
    for tensor_id in dict.fromkeys((*graph.outputs, *(s.written for s in graph.states))):
        root = _root(graph, tensor_id)
        if root not in reads and not graph.tensors[root].constant:
            continue
        tensor = graph.tensors[tensor_id]
        first = max((*graph.tensors, *added)) + 1
        whole = {"corner": np.zeros(len(tensor.shape)), "size": np.array(tensor.shape)}
        corner, size = (
            Tensor(first + i, f"{tensor.name} {what}", data.shape, DType.INT32, None, data)
            for i, (what, data) in enumerate((k, v.astype(np.int32)) for k, v in whole.items())
        )
        copy = replace(tensor, id=first + 2, data=None)
        added |= {t.id: t for t in (corner, size, copy)}
        nodes.append(Node(Slice(), (tensor_id, corner.id, size.id), (copy.id,)))
        copies[tensor_id] = copy.id
    return graph.replace(
        tensors={**graph.tensors, **added},
        nodes=(*graph.nodes, *nodes),
        outputs=tuple(copies.get(i, i) for i in graph.outputs),
        states=tuple(
            replace(state, written=copies.get(state.written, state.written))
            for state in graph.states
        ),
    )


def _root(graph: Graph, tensor_id: TensorId) -> TensorId:
    """The tensor whose bytes this one is, under another shape maybe."""
    while (node := graph.writer(tensor_id)) is not None:
        steps = node.op.lower(graph.operands(node))
        if len(steps) != 1 or not isinstance(steps[0], Alias):
            break
        tensor_id = steps[0].source
    return tensor_id


@dataclass(frozen=True, eq=False)
class Carried:
    """A state, by offsets into the arena in bytes. Where `left` is None it is left in place."""

    name: str
    offset: int
    nbytes: int
    left: int | None
    initial: Array

    @property
    def fill(self) -> int | None:
        """The one byte that it starts with everywhere; None where it starts as several."""
        values = np.unique(self._bytes)
        return int(values[0]) if values.size == 1 else None

    @property
    def row(self) -> Array:
        """The bytes that it starts with, once where they are the same over and over, as rows of
        what a stream keeps of silence are."""
        whole = self._bytes
        sizes = (size for size in range(1, whole.size // 2 + 1) if whole.size % size == 0)
        again = (s for s in sizes if np.array_equal(whole[s:], whole[:-s]))
        return whole[: next(again, whole.size)].view(np.int8)

    @property
    def _bytes(self) -> Array:
        return np.ascontiguousarray(self.initial).view(np.uint8).reshape(-1)


def carried(graph: Graph, plan: MemoryPlan) -> tuple[Carried, ...]:
    """Every state of a planned graph."""
    found = []
    for state in graph.states:
        tensor, offset = graph.tensors[state.read], plan.offsets[state.read]
        left = plan.offsets[state.written]
        found.append(
            Carried(
                tensor.name,
                offset,
                tensor.nbytes,
                None if left == offset else left,
                state.initial,
            )
        )
    return tuple(found)
