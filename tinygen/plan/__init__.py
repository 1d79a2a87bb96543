"""Kernel calls -> MemoryPlan: which bytes of the arena each tensor occupies, and when.

Pure: `buffers` are what has to lie there, `packing` finds them a place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygen.ir import KernelCall, Lowered, State, Tensor, TensorId
from tinygen.plan.buffers import ALIGNMENT, Buffer, Groups, Reach, aligned
from tinygen.plan.packing import pack

__all__ = ["ALIGNMENT", "Buffer", "MemoryPlan", "Reach", "plan"]


@dataclass(frozen=True)
class MemoryPlan:
    """Offsets into the arena, in bytes."""

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
) -> MemoryPlan:
    """Place every tensor that is not constant, and every scratch.

    What a state is read from keeps its bytes from one inference to the next; what it is left as
    lives until the inference has ended, when it is carried over.
    """
    calls = [step for step in steps if isinstance(step, KernelCall)]
    reads = [state.read for state in states]
    writes = [s.written for s in states if not tensors[s.written].constant]
    groups = Groups(steps, tensors, (*inputs, *reads), (*outputs, *reads, *writes))
    activations, reaches = groups.buffers(), groups.reaches()
    scratches = [
        (i, Buffer((), aligned(call.scratch_bytes), i + 1, i + 1))
        for i, call in enumerate(calls)
        if call.scratch_bytes
    ]
    buffers = activations + [buffer for _, buffer in scratches]
    live = [sum(b.nbytes for b in buffers if b.first <= s <= b.last) for s in range(len(calls) + 2)]
    for reach in reaches:
        reader, writer = buffers[reach.reader], buffers[reach.writer]
        live[writer.first] -= max(0, min(reader.nbytes, writer.nbytes - reach.distance))
    packing = pack(buffers, reaches, max(live))
    placed = tuple(
        Buffer(b.tensors, b.nbytes, b.first, b.last, o)
        for b, o in zip(buffers, packing.offsets, strict=True)
    )
    scratch: list[int | None] = [None] * len(calls)
    for (call_index, _), buffer in zip(scratches, placed[len(activations) :], strict=True):
        scratch[call_index] = buffer.offset
    return MemoryPlan(
        arena_bytes=max(b.offset + b.nbytes for b in placed),
        minimum_bytes=packing.bound,
        offsets={t: b.offset for b in placed for t in b.tensors},
        scratch=tuple(scratch),
        live_bytes=tuple(live[1:-1]),
        buffers=placed,
        reaches=reaches,
    )
