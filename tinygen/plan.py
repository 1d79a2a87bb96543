"""Kernel calls -> MemoryPlan: which bytes of the arena each tensor occupies, and when.

Pure. A buffer is a set of tensors that share an address: aliases (reshapes) and, where a kernel
allows it and the input is read for the last time, an output on top of its input. Where a kernel
lets its output reach into a part of such an input only, the two are buffers that may overlap by
that much. Offsets come from first-fit over several orders of the buffers and a bounded seeded
search (Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, for
the greedy orders); it stops at the unavoidable minimum.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygen.ir import Alias, KernelCall, Lowered, Overlap, State, Tensor, TensorId

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
class Reach:
    """A buffer that is written while another is read for the last time, and may reach into it.

    Positions in the plan's `buffers`. The writer's offset is at least `distance` bytes, which may
    be 0, below the reader's; or they are disjoint.
    """

    reader: int
    writer: int
    distance: int
    exact: bool = False
    """The offsets are equal, or the buffers disjoint."""


@dataclass(frozen=True)
class MemoryPlan:
    """Offsets into the arena, in bytes."""

    arena_bytes: int
    minimum_bytes: int
    """Peak of live bytes, of overlapping ones once: no plan of these calls, in this order, can do
    with less."""
    offsets: Mapping[TensorId, int]
    scratch: tuple[int | None, ...]
    """For each kernel call the offset of its scratch, None where it needs none."""
    live_bytes: tuple[int, ...]
    """Live bytes at each kernel call."""
    buffers: tuple[Buffer, ...]
    reaches: tuple[Reach, ...] = ()
    """Which of the buffers may overlap."""


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
    activations, reaches = groups.buffers(), groups.reaches()
    scratches = [
        (i, Buffer((), _aligned(call.scratch_bytes), i + 1, i + 1))
        for i, call in enumerate(calls)
        if call.scratch_bytes
    ]
    buffers = activations + [buffer for _, buffer in scratches]
    live = [sum(b.nbytes for b in buffers if b.first <= s <= b.last) for s in range(len(calls) + 2)]
    for reach in reaches:
        reader, writer = buffers[reach.reader], buffers[reach.writer]
        live[writer.first] -= max(0, min(reader.nbytes, writer.nbytes - reach.distance))
    minimum = max(live)
    offsets = _place(buffers, reaches, minimum)
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
        reaches=reaches,
    )


def _aligned(nbytes: int, least: int = 1) -> int:
    return -(-max(nbytes, least) // ALIGNMENT) * ALIGNMENT


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
        self._reaches: list[tuple[TensorId, TensorId, int, bool]] = []
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
            for overlap in call.overlaps:
                self._overlap(call, overlap, number)

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

    def _overlap(self, call: KernelCall, overlap: Overlap, step: int) -> None:
        """Let the output lie on the input, or remember how far it may reach into it."""
        live = [t for t in call.inputs if not self._tensors[t].constant]
        source, target = call.inputs[overlap.input], call.outputs[overlap.output]
        if source not in live:
            return
        a, b = self._find(source), self._find(target)
        if a == b or self._last[a] != step or self._first[b] != step:
            return
        # The same bytes may be read as other inputs too: each of them has to allow it.
        readers = [i for i, t in enumerate(call.inputs) if t in live and self._find(t) == a]
        allowed = {o.input: o.nbytes for o in call.overlaps if o.output == overlap.output}
        nbytes = min(allowed.get(i, 0) for i in readers)
        size = self._tensors[target].nbytes
        if nbytes >= size and size == self._tensors[source].nbytes:
            self._join(source, target)
        elif nbytes > 0:
            exact = any(o.exact for o in call.overlaps if o.output == overlap.output)
            distance = _aligned(max(size - nbytes, 0), least=0)
            if not (exact and distance):
                self._reaches.append((source, target, distance, exact))

    def _members(self) -> dict[TensorId, list[TensorId]]:
        """Root -> the tensors of its buffer, in the buffers' order."""
        members: dict[TensorId, list[TensorId]] = {}
        for tensor_id in self._root:
            members.setdefault(self._find(tensor_id), []).append(tensor_id)
        return dict(sorted(members.items()))

    def buffers(self) -> list[Buffer]:
        return [
            Buffer(
                tensors=tuple(sorted(ids)),
                nbytes=_aligned(max(self._tensors[i].nbytes for i in ids)),
                first=self._first[root],
                last=self._last[root],
            )
            for root, ids in self._members().items()
        ]

    def reaches(self) -> tuple[Reach, ...]:
        """Each pair of buffers once; what has been joined since, or lives longer, is left out."""
        positions = {root: i for i, root in enumerate(self._members())}
        found: dict[tuple[int, int], tuple[int, bool]] = {}
        for source, target, distance, exact in self._reaches:
            a, b = self._find(source), self._find(target)
            if a != b and self._last[a] == self._first[b]:
                found[positions[a], positions[b]] = (distance, exact)
        return tuple(Reach(a, b, *how) for (a, b), how in found.items())


def _place(buffers: Sequence[Buffer], reaches: Sequence[Reach], minimum: int) -> list[int]:
    """An offset for each buffer; the best of several orders and a search."""
    conflicts = _conflicts(buffers, reaches)
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
        offsets = _first_fit(conflicts, order)
        top = max((o + b.nbytes for o, b in zip(offsets, buffers, strict=True)), default=0)
        if best_top < 0 or top < best_top:
            best, best_top, best_order = offsets, top, order
        if best_top <= minimum:
            break
    return best


_Conflict = tuple[int, int, int]
"""Another buffer, and by how much its offset `o` keeps away this one's: those strictly between
`o + low` and `o + high` are taken."""


def _conflicts(buffers: Sequence[Buffer], reaches: Sequence[Reach]) -> list[list[_Conflict]]:
    """For each buffer those that it must keep away from: they live at the same time."""
    pairs = {(reach.reader, reach.writer): reach for reach in reaches}
    conflicts: list[list[_Conflict]] = []
    for i, buffer in enumerate(buffers):
        conflicts.append([])
        for j, other in enumerate(buffers):
            if j == i or not buffer.overlaps(other):
                continue
            low, high = -buffer.nbytes, other.nbytes
            over, under = pairs.get((j, i)), pairs.get((i, j))
            if any(reach is not None and reach.exact for reach in (over, under)):
                conflicts[i] += ((j, low, 0), (j, 0, high))
                continue
            if over:  # this one may be written over the other
                low = max(low, -over.distance)
            if under:  # or the other over this one
                high = min(high, under.distance)
            conflicts[i].append((j, low, high))
    return conflicts


def _first_fit(conflicts: Sequence[Sequence[_Conflict]], order: Sequence[int]) -> list[int]:
    offsets = [-1] * len(conflicts)
    for i in order:
        placed = [conflict for conflict in conflicts[i] if offsets[conflict[0]] >= 0]
        taken = sorted((offsets[j] + low, offsets[j] + high) for j, low, high in placed)
        offset = 0
        for low, high in taken:
            if offset <= low:
                break
            offset = max(offset, high)
        offsets[i] = offset
    return offsets
