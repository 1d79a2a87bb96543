"""What has to lie in the arena, and when: tensors that share an address are one buffer.

Aliases (reshapes) share theirs and, where a kernel allows it and the input is read for the last
time, an output lies on top of its input. Where a kernel lets its output reach into a part of such
an input only, the two are buffers that may overlap by that much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygen.ir import Alias, KernelCall, Lowered, Overlap, Tensor, TensorId

ALIGNMENT = 4
"""Bytes. Word loads of packed int8 need no more; the arena itself starts at 16."""


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


def aligned(nbytes: int, least: int = 1) -> int:
    return -(-max(nbytes, least) // ALIGNMENT) * ALIGNMENT


class Groups:
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
            distance = aligned(max(size - nbytes, 0), least=0)
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
                nbytes=aligned(max(self._tensors[i].nbytes for i in ids)),
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
