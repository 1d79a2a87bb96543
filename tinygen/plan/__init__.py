"""Kernel calls -> MemoryPlan: which bytes of the arena each tensor occupies, and when.

Pure: `buffers` are what has to lie there, `packing` finds them a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tinygen.ir import KernelCall, Lowered, State, Tensor, TensorId
from tinygen.plan.buffers import Buffer, Buffers, Reach, Span, aligned
from tinygen.plan.packing import pack
from tinygen.plan.places import ALIGNMENT, without_copies

__all__ = ["ALIGNMENT", "Buffer", "MemoryPlan", "Reach", "Span", "live_bytes", "plan"]


@dataclass(frozen=True)
class MemoryPlan:
    """Offsets into the arena, in bytes."""

    steps: Lowered
    """What is planned: the steps that were given, with an alias for each copy that is needless."""
    arena_bytes: int
    minimum_bytes: int
    """No plan of these calls, in this order, can do with less: the peak of live bytes, of
    overlapping ones once, or more where a search has proved it."""
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
    *,
    thorough: bool = True,
) -> MemoryPlan:
    """Place every tensor that is not constant, and every scratch; where not `thorough`, as well as
    is found quickly.

    What a state is read from keeps its bytes from one inference to the next; what it is left as
    lies there too, where it is written once all has been read. Else it lives until the inference
    has ended, when it is carried over. Copies are left out where their
    tensors can lie so that there is nothing to copy, unless that takes more memory.
    """
    before, after = _edges(tensors, inputs, outputs, states)
    without = _without_copies(steps, tensors, inputs, outputs, states)
    plans = [
        _plan(each, tensors, before, after, states, thorough)
        for each in dict.fromkeys((without, steps))
    ]
    return min(plans, key=lambda memory: memory.arena_bytes)


def live_bytes(
    steps: Lowered,
    tensors: Mapping[TensorId, Tensor],
    inputs: Sequence[TensorId],
    outputs: Sequence[TensorId],
    states: Sequence[State] = (),
) -> list[int]:
    """For each step the bytes of all tensors that live then, each once; 0 where there is nothing
    to do."""
    edges = _edges(tensors, inputs, outputs, states)
    taken = _without_copies(steps, tensors, inputs, outputs, states)
    calls = [step for step in taken if isinstance(step, KernelCall)]
    live = [0] * (len(calls) + 2)
    for buffer in Buffers(taken, tensors, *edges, states, in_place=False).buffers():
        for span in buffer.spans:
            for step in range(span.first, span.last + 1):
                live[step] += span.stop - span.start
    of_calls = iter(live[1:-1])
    return [next(of_calls) if isinstance(step, KernelCall) else 0 for step in taken]


def _without_copies(
    steps: Lowered,
    tensors: Mapping[TensorId, Tensor],
    inputs: Sequence[TensorId],
    outputs: Sequence[TensorId],
    states: Sequence[State],
) -> Lowered:
    """What a state is read from may be a part of what it is joined to."""
    before, after = _edges(tensors, inputs, outputs, states)
    kept = {s.read for s in states} - {*inputs, *outputs, *(s.written for s in states)}
    return without_copies(steps, tensors, tuple(dict.fromkeys((*before, *after))), kept)


def _edges(
    tensors: Mapping[TensorId, Tensor],
    inputs: Sequence[TensorId],
    outputs: Sequence[TensorId],
    states: Sequence[State],
) -> tuple[tuple[TensorId, ...], tuple[TensorId, ...]]:
    """What is written before the first step, and what is needed after the last one."""
    reads = [state.read for state in states]
    writes = [s.written for s in states if not tensors[s.written].constant]
    return (*inputs, *reads), (*outputs, *reads, *writes)


def _plan(
    steps: Lowered,
    tensors: Mapping[TensorId, Tensor],
    inputs: Sequence[TensorId],
    outputs: Sequence[TensorId],
    states: Sequence[State],
    thorough: bool,
) -> MemoryPlan:
    """Of exactly these steps. Outputs that may lie on their input do so where nothing is gained
    by leaving that open: there is less to look for."""
    loose = _Wanted.of(steps, tensors, inputs, outputs, states, in_place=False)
    tight = _Wanted.of(steps, tensors, inputs, outputs, states, in_place=True)
    minimum = max(loose.live)
    wanted, packing = tight, pack(tight.buffers, tight.reaches, minimum, thorough=thorough)
    bound = minimum
    if packing.top(tight.buffers) > minimum:
        free = pack(loose.buffers, loose.reaches, minimum, thorough=thorough)
        bound = free.bound
        if free.top(loose.buffers) < packing.top(tight.buffers):
            wanted, packing = loose, free
    placed = tuple(
        replace(buffer, offset=offset)
        for buffer, offset in zip(wanted.buffers, packing.offsets, strict=True)
    )
    scratch: list[int | None] = [None] * (len(loose.live) - 2)
    for buffer in placed:
        if not buffer.tensors:
            scratch[buffer.first - 1] = buffer.offset
    return MemoryPlan(
        steps=steps,
        arena_bytes=packing.top(placed),
        minimum_bytes=bound,
        offsets={t: b.offset + at for b in placed for t, at in b.tensors.items()},
        scratch=tuple(scratch),
        live_bytes=tuple(wanted.live[1:-1]),
        buffers=placed,
        reaches=wanted.reaches,
    )


@dataclass(frozen=True, eq=False)
class _Wanted:
    """What has to be placed."""

    buffers: Sequence[Buffer]
    """Those of tensors, then scratch."""
    reaches: tuple[Reach, ...]
    live: Sequence[int]
    """Bytes at each step that no packing can do without, of overlapping buffers once."""

    @classmethod
    def of(
        cls,
        steps: Lowered,
        tensors: Mapping[TensorId, Tensor],
        inputs: Sequence[TensorId],
        outputs: Sequence[TensorId],
        states: Sequence[State],
        *,
        in_place: bool,
    ) -> _Wanted:
        calls = [step for step in steps if isinstance(step, KernelCall)]
        found = Buffers(steps, tensors, inputs, outputs, states, in_place=in_place)
        buffers, reaches = found.buffers(), found.reaches()
        buffers += [
            Buffer({}, aligned(call.scratch_bytes), number, number)
            for number, call in enumerate(calls, start=1)
            if call.scratch_bytes
        ]
        live = [0] * (len(calls) + 2)
        for span in (span for buffer in buffers for span in buffer.spans):
            for step in range(span.first, span.last + 1):
                live[step] += span.stop - span.start
        at: dict[int, list[Reach]] = {}
        for reach in reaches:
            at.setdefault(reach.step, []).append(reach)
        for step, those in at.items():
            live[step] -= _saved(buffers, those)
        return cls(buffers, reaches, live)


def _saved(buffers: Sequence[Buffer], reaches: Sequence[Reach]) -> int:
    """How many bytes these reaches of one step can save at most: what is read is apart, and so is
    what is written, and two that overlap take no less than what one has alone."""
    read = {r.reader: [s for s in buffers[r.reader].spans if s.last == r.step] for r in reaches}
    written = {r.writer: [s for s in buffers[r.writer].spans if s.first == r.step] for r in reaches}
    sizes = {i: sum(s.stop - s.start for s in spans) for i, spans in read.items()}
    made = {i: sum(s.stop - s.start for s in spans) for i, spans in written.items()}
    pairs = []
    for reach in reaches:
        shared = min(sizes[reach.reader], made[reach.writer])
        if not reach.free:
            behind = reach.distance + read[reach.reader][0].start
            shared = min(shared, written[reach.writer][-1].stop - behind)
        pairs.append(sizes[reach.reader] + made[reach.writer] - max(0, shared))
    readers, writers = sum(sizes.values()), sum(made.values())
    return readers + writers - max(readers, writers, *pairs)
