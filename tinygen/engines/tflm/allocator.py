"""How many bytes TensorFlow Lite Micro's allocator takes to start a model, computed on the host.

It follows upstream's MicroAllocator (micro_allocator.cc, single_arena_buffer_allocator.cc,
micro_allocation_info.cc, greedy_memory_planner.cc) on a core of 32-bit pointers. What stays for
good grows down from the arena's end. Below it lie, one after the other, requests for scratch with
what an operator's preparation holds for a while, the planner's own lists, and at last the tensors.
What each operator takes says `operator_memory`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tinygen.engines.tflm.operator_memory import Kernels, Taken, UnknownOperator, taken
from tinygen.ir import ABSENT, Graph, Tensor

_ALIGNMENT = 16
"""Bytes: of tensors, and of what operators keep."""
_WORD = 4

# sizeof() on a 32-bit core, of the types in upstream's headers.
_ALLOCATOR = (36, 44, 36, 8)
"""SingleArenaBufferAllocator, GreedyMemoryPlanner, MicroAllocator, MicroBuiltinDataAllocator."""
_SUBGRAPH, _EVAL_TENSOR, _NODE = 8, 12, 32
_TENSOR, _QUANTIZATION = 32, 12
_REQUEST, _REQUESTS_PER_NODE = 12, 12
_HANDLE, _POINTER = 4, 4
_INFO, _PLANNED = 24, 40
"""AllocationInfo of every tensor, and GreedyMemoryPlanner's lists for each one that it places."""


@dataclass(frozen=True)
class Starting:
    """Bytes of arena that starting takes, a multiple of 16, and those in use from then on."""

    bytes: int
    used: int


def starting(graph: Graph, kernels: Kernels, offsets: Sequence[int] | None = None) -> Starting:
    """What `graph` takes, no less; `offsets` are those of a plan of ours, one per tensor and -1
    where TFLM is to place it. Raises UnknownOperator."""
    if graph.states:
        raise UnknownOperator("what variables take of it is not known")
    nodes = [taken(node.op, graph.operands(node), kernels) for node in graph.nodes]
    tail = _Tail()
    for size in (*_ALLOCATOR, _SUBGRAPH):
        tail.take(size, _WORD)
    tail.take(_EVAL_TENSOR * len(graph.tensors), _WORD)
    tail.take(_NODE * len(nodes), _WORD)
    for node in nodes:
        tail.take(node.parameters, _WORD)
    for node in nodes:
        tail.take(node.data, _ALIGNMENT)
    needed, requests = 0, 0
    for node, place in zip(nodes, graph.nodes, strict=True):
        for size in node.kept:
            tail.take(size, _ALIGNMENT)
        head = _REQUEST * (requests + _REQUESTS_PER_NODE)
        needed = max(needed, tail.used + head + _held(graph, place.inputs, place.outputs))
        requests += len(node.scratch)
    tail.take(_HANDLE * requests, _WORD)
    placed = list(_buffers(graph, nodes, offsets))
    listed = _POINTER + _INFO * (len(graph.tensors) + requests) + _PLANNED * len(placed)
    head = _REQUEST * (requests + _REQUESTS_PER_NODE)
    needed = max(needed, _aligned(tail.used) + _aligned(head + _POINTER + listed))
    for edges in (graph.inputs, graph.outputs):
        tail.take(_POINTER * len(edges), _ALIGNMENT)
        for edge in edges:
            tail.take(_TENSOR, _WORD)
            for size in _quantization(graph.tensors[edge]):
                tail.take(size, _WORD)
    used = tail.used + _highest(placed)
    return Starting(_aligned(max(needed, used)), used)


class _Tail:
    """What stays: it grows downwards from an end that is a multiple of 16."""

    def __init__(self) -> None:
        self.used = 0

    def take(self, size: int, alignment: int) -> None:
        if size:
            self.used = -(-(self.used + size) // alignment) * alignment


def _held(graph: Graph, inputs: Iterable[int], outputs: Iterable[int]) -> int:
    """The most that a node's preparation holds of its tensors' descriptions: upstream's kernels ask
    for most of them twice, for a convolution's weights three times."""
    present = [graph.tensors[i] for i in (*inputs, *outputs) if i != ABSENT]
    return sum((3 if t.constant else 2) * (_TENSOR + sum(_quantization(t))) for t in present)


def _quantization(tensor: Tensor) -> tuple[int, ...]:
    if tensor.quant is None:
        return ()
    return (_QUANTIZATION, _WORD + _WORD * len(tensor.quant.scales))


@dataclass(frozen=True)
class _Buffer:
    """Bytes that are to be placed, and the first and last step that uses them."""

    bytes: int
    first: int
    last: int
    offset: int | None

    def meets(self, other: _Buffer) -> bool:
        return self.first <= other.last and other.first <= self.last


def _buffers(
    graph: Graph, nodes: Sequence[Taken], offsets: Sequence[int] | None
) -> Iterable[_Buffer]:
    """What the planner places, in its order: tensors, then scratch. What nobody uses has a place
    too, before the first step."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for i in graph.inputs:
        first[i] = last[i] = 0
    for step, node in enumerate(graph.nodes, 1):
        for i in node.outputs:
            first.setdefault(i, step)
        for i in (*node.inputs, *node.outputs):
            last[i] = step
    for i in graph.outputs:
        first.setdefault(i, len(nodes))
        last[i] = len(nodes)
    for position, (i, tensor) in enumerate(sorted(graph.tensors.items())):
        if not tensor.constant and tensor.nbytes:
            offset = -1 if offsets is None else offsets[position]
            yield _Buffer(
                _aligned(tensor.nbytes),
                first.get(i, -1),
                last.get(i, -1),
                None if offset < 0 else offset,
            )
    for step, one in enumerate(nodes, 1):
        for size in one.scratch:
            yield _Buffer(_aligned(size), step, step, None)


def _highest(buffers: Sequence[_Buffer]) -> int:
    """Where the greedy plan ends: those with an offset first, then the largest, each in the first
    gap between those that it meets."""
    fixed = [b for b in buffers if b.offset is not None]
    free = sorted((b for b in reversed(buffers) if b.offset is None), key=lambda b: -b.bytes)
    placed: list[tuple[int, _Buffer]] = []
    for one in (*fixed, *free):
        offset = one.offset
        if offset is None:
            offset = 0
            for start, other in sorted(placed, key=lambda entry: entry[0]):
                if not one.meets(other):
                    continue
                if start - offset >= one.bytes:
                    break
                offset = max(offset, start + other.bytes)
        placed.append((offset, one))
    return max((start + one.bytes for start, one in placed), default=0)


def _aligned(size: int) -> int:
    return -(-size // _ALIGNMENT) * _ALIGNMENT
