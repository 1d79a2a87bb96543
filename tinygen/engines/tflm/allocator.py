"""How many bytes TensorFlow Lite Micro's allocator takes to start a model, computed on the host.

It follows upstream's MicroAllocator (micro_allocator.cc, single_arena_buffer_allocator.cc,
micro_allocation_info.cc, greedy_memory_planner.cc) on a core of 32-bit pointers. What stays for
good grows down from the arena's end. Below it lie, one after the other, requests for scratch with
what an operator's preparation holds for a while, the planner's own lists, and at last the tensors.
What each operator takes says `operator_memory`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tinygen import tflite
from tinygen.engines.tflm.operator_memory import MOVES, Kernels, Taken, taken
from tinygen.ir import ABSENT, Graph, TensorId
from tinygen.tflite import File, FileTensor

_ALIGNMENT = 16
"""Bytes: of tensors, and of what operators keep."""
_WORD = 4

# sizeof() on a 32-bit core, of the types in upstream's headers.
_ALLOCATOR = (36, 44, 36)
"""SingleArenaBufferAllocator, GreedyMemoryPlanner, MicroAllocator."""
_VARIABLES, _VARIABLE = 12, 20
_BUILTIN_DATA = 8
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


def starting(
    file: File, graph: Graph, kernels: Kernels, offsets: Sequence[int] | None = None
) -> Starting:
    """What `file`, whose graph is `graph`, takes, no less; `offsets` are those of a plan of ours,
    one per tensor and -1 where TFLM is to place it. Raises UnknownOperator."""
    parts = (file, *file.subgraphs)
    steps = tuple(_steps(file, graph, kernels))
    every = (*steps, *(one for part in file.subgraphs for one in _steps(part, None, kernels)))
    tail = _Tail()
    for size in _ALLOCATOR:
        tail.take(size, _WORD)
    if variables := tflite.variables(file):
        tail.take(_VARIABLES, _ALIGNMENT)
        tail.take(_VARIABLE * len(variables), _ALIGNMENT)
    tail.take(_BUILTIN_DATA, _WORD)
    tail.take(_SUBGRAPH * len(parts), _WORD)
    for part in parts:
        tail.take(_EVAL_TENSOR * len(part.tensors), _WORD)
    for part in parts:
        tail.take(_NODE * len(part.calls), _WORD)
    for one in every:
        tail.take(one.taken.parameters, _WORD)
    for one in every:
        tail.take(one.taken.data, _ALIGNMENT)
    for size in variables.values():  # upstream's first ASSIGN_VARIABLE asks for it
        tail.take(size, _ALIGNMENT)
    needed, requests = 0, 0
    for one in every:
        for size in one.taken.kept:
            tail.take(size, _ALIGNMENT)
        head = _REQUEST * (requests + _REQUESTS_PER_NODE)
        needed = max(needed, tail.used + head + one.held)
        requests += len(one.taken.scratch)
    tail.take(_HANDLE * requests, _WORD)
    for tensor in (tensor for part in parts for tensor in part.tensors if tensor.variable):
        tail.take(tensor.nbytes, _ALIGNMENT)
    placed = list(_buffers(file, steps, offsets))
    count = sum(len(part.tensors) for part in parts) + requests
    head = _REQUEST * (requests + _REQUESTS_PER_NODE) + _POINTER * len(parts) + _INFO * count
    needed = max(needed, _aligned(tail.used) + _aligned(head) + _PLANNED * len(placed))
    for edges in (file.inputs, file.outputs):
        tail.take(_POINTER * len(edges), _ALIGNMENT)
        for edge in edges:
            tail.take(_TENSOR, _WORD)
            for size in _quantization(file.tensors[edge]):
                tail.take(size, _WORD)
    used = tail.used + _highest(placed)
    return Starting(_aligned(max(needed, used)), used)


@dataclass(frozen=True)
class _Step:
    """An operator of the file: what its kernel takes, and the most that its preparation holds of
    its tensors' descriptions, in bytes."""

    taken: Taken
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]
    held: int


def _steps(file: File, graph: Graph | None, kernels: Kernels) -> Iterator[_Step]:
    """The operators of a subgraph; `graph` is that of the first, others only give variables their
    first values."""
    nodes = iter(graph.nodes if graph else ())
    for call in file.calls:
        if call.kind in MOVES:
            memory = MOVES[call.kind]
        else:
            assert graph is not None
            node = next(nodes)
            memory = taken(node.op, graph.operands(node), kernels)
        held = _held(file, (*call.inputs, *call.outputs), memory.holds)
        yield _Step(memory, call.inputs, call.outputs, held)


class _Tail:
    """What stays: it grows downwards from an end that is a multiple of 16."""

    def __init__(self) -> None:
        self.used = 0

    def take(self, size: int, alignment: int) -> None:
        if size:
            self.used = -(-(self.used + size) // alignment) * alignment


def _held(file: File, of: Iterable[TensorId], times: tuple[int, int]) -> int:
    present = [file.tensors[i] for i in of if i != ABSENT]
    return sum(times[t.data is not None] * (_TENSOR + sum(_quantization(t))) for t in present)


def _quantization(tensor: FileTensor) -> tuple[int, ...]:
    if not tensor.scales:
        return ()
    return (_QUANTIZATION, _WORD + _WORD * len(tensor.scales))


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
    file: File, steps: Sequence[_Step], offsets: Sequence[int] | None
) -> Iterable[_Buffer]:
    """What the planner places, in its order: tensors, then scratch. What nobody uses has a place
    too, before the first step; variables lie elsewhere."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for i in file.inputs:
        first[i] = last[i] = 0
    for at, step in enumerate(steps, 1):
        for i in step.outputs:
            first.setdefault(i, at)
        for i in (*step.inputs, *step.outputs):
            last[i] = at
    for i in file.outputs:
        first.setdefault(i, len(steps))
        last[i] = len(steps)
    for i, tensor in enumerate(file.tensors):
        if tensor.data is None and not tensor.variable and tensor.nbytes:
            offset = -1 if offsets is None else offsets[i]
            yield _Buffer(
                _aligned(tensor.nbytes),
                first.get(i, -1),
                last.get(i, -1),
                None if offset < 0 else offset,
            )
    for at, step in enumerate(steps, 1):
        for size in step.taken.scratch:
            yield _Buffer(_aligned(size), at, at, None)


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
