"""Kernel calls -> MemoryPlan: which bytes of the arena each tensor occupies, and when.

Pure. A buffer is a set of tensors that share an address: aliases (reshapes) and, where a kernel
allows it and the input is read for the last time, an output on top of its input. Offsets come
from first-fit over several orders of the buffers and a bounded seeded search (Pisarchyk and Lee,
"Efficient Memory Management for Deep Neural Net Inference", 2020, for the greedy orders); it stops
at the unavoidable minimum.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygen.ir import Alias, KernelCall, Lowered, State, Tensor, TensorId

ALIGNMENT = 4
"""Bytes. Word loads of packed int8 need no more; the arena itself starts at 16."""

_SEARCHES = 400


@dataclass(frozen=True)
class Buffer:
    """A range of the arena, needed from step `first` to step `last`, both included.

    Step 0 is the writing of the inputs, step i + 1 is kernel call i, the last step is the
    reading of the outputs.
    """

    tensors: tuple[TensorId, ...]
    nbytes: int
    first: int
    last: int
    offset: int = 0

    def overlaps(self, other: Buffer) -> bool:
        """Whether both are needed at some step."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class MemoryPlan:
    """Offsets into the arena, in bytes."""

    arena_bytes: int
    minimum_bytes: int
    """Peak of live bytes: no plan of these calls, in this order, can do with less."""
    offsets: Mapping[TensorId, int]
    scratch: tuple[int | None, ...]
    """For each kernel call the offset of its scratch, None where it needs none."""
    live_bytes: tuple[int, ...]
    """Live bytes at each kernel call."""
    buffers: tuple[Buffer, ...]


def plan(
    steps: Lowered,
    tensors: Mapping[TensorId, Tensor],
    inputs: Sequence[TensorId],
    outputs: Sequence[TensorId],
    states: Sequence[State] = (),
) -> MemoryPlan:
    """Place every tensor that is not constant, and every scratch.

    What a state is read from keeps its bytes from one inference to the next; what it is left as
    lives until the inference has ended, when it is carried over.
    """
    calls = [step for step in steps if isinstance(step, KernelCall)]
    reads = [state.read for state in states]
    writes = [s.written for s in states if not tensors[s.written].constant]
    groups = _Groups(steps, tensors, (*inputs, *reads), (*outputs, *reads, *writes))
    activations = groups.buffers()
    scratches = [
        (i, Buffer((), _aligned(call.scratch_bytes), i + 1, i + 1))
        for i, call in enumerate(calls)
        if call.scratch_bytes
    ]
    buffers = activations + [buffer for _, buffer in scratches]
    live = [sum(b.nbytes for b in buffers if b.first <= s <= b.last) for s in range(len(calls) + 2)]
    minimum = max(live)
    offsets = _place(buffers, minimum)
    placed = tuple(
        Buffer(b.tensors, b.nbytes, b.first, b.last, o)
        for b, o in zip(buffers, offsets, strict=True)
    )
    scratch: list[int | None] = [None] * len(calls)
    for (call_index, _), buffer in zip(scratches, placed[len(activations) :], strict=True):
        scratch[call_index] = buffer.offset
    return MemoryPlan(
        arena_bytes=max(b.offset + b.nbytes for b in placed),
        minimum_bytes=minimum,
        offsets={t: b.offset for b in placed for t in b.tensors},
        scratch=tuple(scratch),
        live_bytes=tuple(live[1:-1]),
        buffers=placed,
    )


def _aligned(nbytes: int) -> int:
    return -(-max(nbytes, 1) // ALIGNMENT) * ALIGNMENT


class _Groups:
    """Tensors joined into buffers: lifetimes, aliases, outputs on top of inputs."""

    def __init__(
        self,
        steps: Lowered,
        tensors: Mapping[TensorId, Tensor],
        inputs: Sequence[TensorId],
        outputs: Sequence[TensorId],
    ) -> None:
        self._tensors = tensors
        self._root: dict[TensorId, TensorId] = {}
        self._first: dict[TensorId, int] = {}
        self._last: dict[TensorId, int] = {}
        calls = [step for step in steps if isinstance(step, KernelCall)]
        for tensor_id in inputs:
            self._touch(tensor_id, 0)
        step_number = 0
        for step in steps:
            if isinstance(step, Alias):
                self._join(step.source, step.target)
                continue
            step_number += 1
            for tensor_id in (*step.inputs, *step.outputs):
                if not tensors[tensor_id].constant:
                    self._touch(tensor_id, step_number)
        for tensor_id in outputs:
            self._touch(tensor_id, len(calls) + 1)
        for number, call in enumerate(calls, start=1):
            for input_position, output_position in call.in_place:
                self._overlay(call.inputs[input_position], call.outputs[output_position], number)

    def _find(self, tensor_id: TensorId) -> TensorId:
        while (parent := self._root.setdefault(tensor_id, tensor_id)) != tensor_id:
            tensor_id = parent
        return tensor_id

    def _touch(self, tensor_id: TensorId, step: int) -> None:
        root = self._find(tensor_id)
        self._first[root] = min(self._first.get(root, step), step)
        self._last[root] = max(self._last.get(root, step), step)

    def _join(self, source: TensorId, target: TensorId) -> None:
        a, b = self._find(source), self._find(target)
        if a == b:
            return
        self._root[b] = a
        for edge, pick in ((self._first, min), (self._last, max)):
            steps = [edge[r] for r in (a, b) if r in edge]
            if steps:
                edge[a] = pick(steps)

    def _overlay(self, source: TensorId, target: TensorId, step: int) -> None:
        if self._tensors[source].constant:
            return
        a, b = self._find(source), self._find(target)
        same_size = self._tensors[source].nbytes == self._tensors[target].nbytes
        if a != b and same_size and self._last[a] == step and self._first[b] == step:
            self._join(source, target)

    def buffers(self) -> list[Buffer]:
        members: dict[TensorId, list[TensorId]] = {}
        for tensor_id in self._root:
            members.setdefault(self._find(tensor_id), []).append(tensor_id)
        return [
            Buffer(
                tensors=tuple(sorted(ids)),
                nbytes=_aligned(max(self._tensors[i].nbytes for i in ids)),
                first=self._first[root],
                last=self._last[root],
            )
            for root, ids in sorted(members.items())
        ]


def _place(buffers: Sequence[Buffer], minimum: int) -> list[int]:
    """An offset for each buffer; the best of several orders and a search."""
    neighbours = [
        [j for j, other in enumerate(buffers) if j != i and buffer.overlaps(other)]
        for i, buffer in enumerate(buffers)
    ]
    indices = range(len(buffers))
    orders = [
        sorted(indices, key=lambda i: (-buffers[i].nbytes, buffers[i].first)),
        sorted(indices, key=lambda i: (-(buffers[i].last - buffers[i].first), -buffers[i].nbytes)),
        sorted(indices, key=lambda i: (buffers[i].first, -buffers[i].nbytes)),
        sorted(indices, key=lambda i: (-buffers[i].last, -buffers[i].nbytes)),
    ]
    best: list[int] = []
    best_top = -1
    best_order = orders[0]
    generator = random.Random(0)
    for attempt in range(len(orders) + _SEARCHES):
        if attempt < len(orders):
            order = list(orders[attempt])
        else:
            order = list(best_order)
            for _ in range(1 + attempt % 3):
                a, b = generator.randrange(len(order)), generator.randrange(len(order))
                order[a], order[b] = order[b], order[a]
        offsets = _first_fit(buffers, neighbours, order)
        top = max((o + b.nbytes for o, b in zip(offsets, buffers, strict=True)), default=0)
        if best_top < 0 or top < best_top:
            best, best_top, best_order = offsets, top, order
        if best_top <= minimum:
            break
    return best


def _first_fit(
    buffers: Sequence[Buffer], neighbours: Sequence[Sequence[int]], order: Sequence[int]
) -> list[int]:
    offsets = [-1] * len(buffers)
    for i in order:
        taken = sorted((offsets[j], buffers[j].nbytes) for j in neighbours[i] if offsets[j] >= 0)
        offset = 0
        for start, nbytes in taken:
            if start - offset >= buffers[i].nbytes:
                break
            offset = max(offset, start + nbytes)
        offsets[i] = offset
    return offsets
