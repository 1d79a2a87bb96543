"""Tensors that are moved on between two layers, where that makes the arena smaller.

Kernels that write in front of what they read (see `Overlap`) push one tensor after the other toward
the arena's end, or hold it where it lies. Bytes are moved many times faster than they are computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tinygen.ir import Alias, KernelCall, Lowered, Node, Operands, Tensor, TensorId
from tinygen.ops.shift import Shift
from tinygen.plan import MemoryPlan

Steps = Sequence[KernelCall | Alias]
Planner = Callable[[Lowered, Mapping[TensorId, Tensor], bool], MemoryPlan]
"""Of steps and tensors, thoroughly or quickly."""

_WORTH = 0.01
"""Of the arena: what a move has to save."""
_MOST = 6
_TRIED = 24
"""Tensors, the largest first."""


@dataclass(frozen=True, eq=False)
class Room:
    """What is planned in the end."""

    steps: Steps
    origins: Sequence[int | Node]
    """For each step which one it was, or the node of a move."""
    tensors: Mapping[TensorId, Tensor]
    plan: MemoryPlan

    @property
    def least(self) -> int:
        """No arena is smaller, with moves or without."""
        return max(self.plan.live_bytes, default=0)


def make_room(
    steps: Lowered, tensors: Mapping[TensorId, Tensor], planner: Planner, *, affordable: int
) -> Room:
    """The plan of the steps, with moves of up to `affordable` bytes where they make it smaller."""
    room = Room(steps, range(len(steps)), tensors, planner(steps, tensors, True))
    for _ in range(_MOST):
        if (1 - _WORTH) * room.plan.arena_bytes <= room.least:
            break
        better = min(
            _moved(room, planner, affordable),
            key=lambda tried: tried.plan.arena_bytes,
            default=room,
        )
        if better is room:
            break
        better = replace(better, plan=planner(tuple(better.steps), better.tensors, True))
        if better.plan.arena_bytes > (1 - _WORTH) * room.plan.arena_bytes:
            break
        affordable -= sum(t.nbytes for i, t in better.tensors.items() if i not in room.tensors)
        room = better
    return room


def _moved(room: Room, planner: Planner, affordable: int) -> Iterator[Room]:
    """The room with one more move: of a tensor, in front of one of the calls that read it."""
    fixed = {t for s in room.steps if isinstance(s, Alias) for t in (s.source, s.target)}
    written = {t for s in room.steps if isinstance(s, KernelCall) for t in s.outputs}
    large = sorted(written - fixed, key=lambda t: (-room.tensors[t].nbytes, t))
    for tensor_id in large[:_TRIED]:
        if room.tensors[tensor_id].nbytes > affordable:
            continue
        for at, step in enumerate(room.steps):
            if isinstance(step, KernelCall) and tensor_id in step.inputs:
                tried = _with_move(room, tensor_id, at)
                yield replace(tried, plan=planner(tuple(tried.steps), tried.tensors, False))


def _with_move(room: Room, tensor_id: TensorId, at: int) -> Room:
    """The room, not planned yet, whose steps from `at` on read the tensor where it is moved to."""
    source = room.tensors[tensor_id]
    target = replace(source, id=max(room.tensors) + 1)
    node = Node(Shift(), (source.id,), (target.id,))
    (move,) = node.op.lower(Operands((source,), (target,), node.op.kind))
    later = [_reading(step, source.id, target.id) for step in room.steps[at:]]
    return replace(
        room,
        steps=(*room.steps[:at], move, *later),
        origins=(*room.origins[:at], node, *room.origins[at:]),
        tensors={**room.tensors, target.id: target},
    )


def _reading(step: KernelCall | Alias, old: TensorId, new: TensorId) -> KernelCall | Alias:
    if isinstance(step, Alias) or old not in step.inputs:
        return step
    needless = step.needless
    if needless is not None and needless.source == old:
        needless = replace(needless, source=new)
    inputs = tuple(new if i == old else i for i in step.inputs)
    layouts = {new if i == old else i: layout for i, layout in step.layouts.items()}
    return replace(step, inputs=inputs, layouts=layouts, needless=needless)
