"""Where tensors lie within each other: reshapes, parts of a whole, and what is joined.

Tensors that lie at fixed distances are one group. A copy of a whole tensor to or from a part of
another one has nothing to do once both are in one group, as long as nobody else writes those bytes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from tinygen.ir import Alias, KernelCall, Lowered, Tensor, TensorId

ALIGNMENT = 4
"""Bytes. Word loads of packed int8 need no more; the arena itself starts at 16."""


class Groups:
    """A tensor's group, by the tensor that stands for it, and its distance from that one's first
    byte: union-find with offsets."""

    def __init__(self) -> None:
        self._parent: dict[TensorId, tuple[TensorId, int]] = {}

    def find(self, tensor_id: TensorId) -> tuple[TensorId, int]:
        """Who stands for the tensor's group, and how far behind it the tensor begins."""
        at = 0
        while (parent := self._parent.setdefault(tensor_id, (tensor_id, 0)))[0] != tensor_id:
            tensor_id, at = parent[0], at + parent[1]
        return tensor_id, at

    def join(self, source: TensorId, target: TensorId, offset: int = 0) -> None:
        """Put `target` as far behind `source`; both are in different groups."""
        (a, source_at), (b, target_at) = self.find(source), self.find(target)
        if a != b:
            self._parent[b] = (a, source_at + offset - target_at)

    def members(self) -> dict[TensorId, dict[TensorId, int]]:
        """For each group its tensors, and how far each is behind the group's first byte."""
        found: dict[TensorId, dict[TensorId, int]] = {}
        for tensor_id in self._parent:
            root, at = self.find(tensor_id)
            found.setdefault(root, {})[tensor_id] = at
        return {
            root: {i: at - min(members.values()) for i, at in members.items()}
            for root, members in sorted(found.items())
        }


class _Written(NamedTuple):
    """Bytes that one call, or whoever runs the model, writes; behind the tensor that stands for
    their group."""

    start: int
    stop: int

    def moved(self, by: int) -> _Written:
        return _Written(self.start + by, self.stop + by)

    def meets(self, other: _Written) -> bool:
        return self.start < other.stop and other.start < self.stop


def without_copies(
    steps: Lowered,
    tensors: Mapping[TensorId, Tensor],
    edges: Collection[TensorId],
    kept: Collection[TensorId] = (),
) -> Lowered:
    """The steps with aliases for the copies that are needless; a tensor at an edge of the model is
    no part of another one, but for those that are `kept` from one inference to the next."""
    places = _Places(tensors, edges, kept)
    for step in steps:
        if isinstance(step, Alias):
            places.groups.join(step.source, step.target, step.offset)
    for number, step in enumerate(steps):
        if isinstance(step, KernelCall):
            for target in step.outputs:
                places.note(number, target, step.needless)
    return tuple(
        step.needless
        if isinstance(step, KernelCall) and step.needless and places.take(number, step.needless)
        else step
        for number, step in enumerate(steps)
    )


class _Places:
    """Which tensors lie in each other so far, and who writes which of their bytes."""

    def __init__(
        self,
        tensors: Mapping[TensorId, Tensor],
        edges: Collection[TensorId],
        kept: Collection[TensorId],
    ) -> None:
        self.groups = Groups()
        self._tensors = tensors
        self._apart = {*edges} - {*kept}
        self._written: dict[TensorId, dict[int, _Written]] = {}
        """For each group by the number of a step, those of the host below zero."""
        for number, tensor_id in enumerate(edges):
            if not tensors[tensor_id].constant:
                self.note(-1 - number, tensor_id, None)

    def note(self, number: int, target: TensorId, needless: Alias | None) -> None:
        """The step writes the tensor, or what a copy moves of it."""
        root, at = self.groups.find(target)
        size = self._tensors[target].nbytes
        if needless is not None:
            at += max(0, -needless.offset)
            size = min(size, self._tensors[needless.source].nbytes)
        self._written.setdefault(root, {})[number] = _Written(at, at + size)

    def take(self, number: int, alias: Alias) -> bool:
        """Put both tensors of this step's copy where it is needless, if nobody else writes there.

        Whoever writes bytes of one group writes them once: no other's lie there.
        """
        source, target = self._tensors[alias.source], self._tensors[alias.target]
        part = min(source, target, key=lambda t: t.nbytes)
        if source.constant or part.id in self._apart or alias.offset % ALIGNMENT:
            return False
        (a, source_at), (b, target_at) = self.groups.find(source.id), self.groups.find(target.id)
        shift = source_at + alias.offset - target_at
        if a == b and shift:
            return False
        mine = dict(self._written.get(a, {}))
        theirs = mine if a == b else self._written.get(b, {})
        theirs = {n: w.moved(shift) for n, w in theirs.items() if n != number}
        if a != b and any(w.meets(other) for w in mine.values() for other in theirs.values()):
            return False
        self.groups.join(source.id, target.id, alias.offset)
        self._written[a] = theirs if a == b else mine | theirs
        return True
