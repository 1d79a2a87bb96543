"""What has to lie in the arena, and when: tensors at fixed distances are one buffer.

Those are reshapes, parts of a whole, what is joined. Where a kernel lets its output lie on an input
that is read for the last time, or reach into a part of it, the two are buffers that may overlap by
that much, or one buffer, where that is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygen.ir import Alias, KernelCall, Lowered, Overlap, Tensor, TensorId
from tinygen.plan.places import ALIGNMENT, Groups


@dataclass(frozen=True)
class Buffer:
    """A range of the arena, needed from step `first` to step `last`, both included.

    Step 0 is the writing of the inputs, step i + 1 is kernel call i, the last step is the
    reading of the outputs.
    """

    tensors: Mapping[TensorId, int]
    """How far behind the buffer's first byte each begins."""
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

    Positions in the plan's `buffers`. The writer's offset is at least `distance` bytes below the
    reader's, which is below 0 where what is read lies farther behind; or they are disjoint.
    """

    reader: int
    writer: int
    distance: int
    exact: bool = False
    """The offsets are equal, or the buffers disjoint."""
    free: bool = False
    """Either may lie anywhere."""


def aligned(nbytes: int, least: int = 1) -> int:
    return -(-max(nbytes, least) // ALIGNMENT) * ALIGNMENT


class Buffers:
    """Tensors joined into buffers, when each is needed, and which may overlap.

    With `in_place`, an output that may lie on an input of its own size does; without, it may.
    """

    def __init__(
        self,
        steps: Lowered,
        tensors: Mapping[TensorId, Tensor],
        inputs: Sequence[TensorId],
        outputs: Sequence[TensorId],
        *,
        in_place: bool,
    ) -> None:
        self._tensors = tensors
        self._groups = Groups()
        self._first: dict[TensorId, int] = {}
        self._last: dict[TensorId, int] = {}
        self._reaches: list[tuple[TensorId, TensorId, int, Overlap]] = []
        calls = [step for step in steps if isinstance(step, KernelCall)]
        for step in steps:
            if isinstance(step, Alias):
                self._groups.join(step.source, step.target, step.offset)
        for tensor_id in inputs:
            self._touch(tensor_id, 0)
        for number, call in enumerate(calls, start=1):
            for tensor_id in (*call.inputs, *call.outputs):
                if not tensors[tensor_id].constant:
                    self._touch(tensor_id, number)
        for tensor_id in outputs:
            self._touch(tensor_id, len(calls) + 1)
        for number, call in enumerate(calls, start=1):
            for overlap in call.overlaps:
                self._overlap(call, overlap, number, in_place=in_place)

    def _touch(self, tensor_id: TensorId, step: int) -> None:
        root, _ = self._groups.find(tensor_id)
        self._first[root] = min(self._first.get(root, step), step)
        self._last[root] = max(self._last.get(root, step), step)

    def _overlap(self, call: KernelCall, overlap: Overlap, step: int, *, in_place: bool) -> None:
        """Let the output lie on the input, or remember how far it may reach into it."""
        live = [t for t in call.inputs if not self._tensors[t].constant]
        source, target = call.inputs[overlap.input], call.outputs[overlap.output]
        if source not in live:
            return
        (a, _), (b, _) = self._groups.find(source), self._groups.find(target)
        if a == b or self._last[a] != step or self._first[b] != step:
            return
        # The same bytes may be read as other inputs too: each of them has to allow it.
        inside = [t in live and self._groups.find(t)[0] == a for t in call.inputs]
        readers = [i for i, there in enumerate(inside) if there]
        allowed = {o.input: o for o in call.overlaps if o.output == overlap.output}
        if not all(i in allowed and allowed[i].nbytes > 0 for i in readers):
            return
        size = self._tensors[target].nbytes
        whole = all(
            allowed[i].nbytes >= size == self._tensors[call.inputs[i]].nbytes
            and self._groups.find(call.inputs[i])[1] == self._groups.find(source)[1]
            for i in readers
        )
        free = all(allowed[i].free for i in readers)
        if in_place and whole and not free:
            self._groups.join(source, target)
            for edge, pick in ((self._first, min), (self._last, max)):
                edge[a] = pick(edge[a], edge[b])
            return
        exact = any(allowed[i].exact for i in readers)
        for i in readers:
            how = allowed[i]._replace(exact=exact, free=free)
            distance = aligned(max(size - how.nbytes, 0), least=0)
            self._reaches.append((call.inputs[i], target, distance, how))

    def buffers(self) -> list[Buffer]:
        return [
            Buffer(
                tensors=dict(sorted(places.items())),
                nbytes=aligned(max(at + self._tensors[i].nbytes for i, at in places.items())),
                first=self._first[root],
                last=self._last[root],
            )
            for root, places in self._groups.members().items()
        ]

    def reaches(self) -> tuple[Reach, ...]:
        """Each pair of buffers once; what has been joined since, or lives longer, is left out."""
        places = self._groups.members()
        positions = {root: i for i, root in enumerate(places)}
        found: dict[tuple[int, int], Reach] = {}
        never: set[tuple[int, int]] = set()
        for source, target, before, how in self._reaches:
            (a, _), (b, _) = self._groups.find(source), self._groups.find(target)
            if a == b or self._last[a] != self._first[b]:
                continue
            pair = positions[a], positions[b]
            distance = before + places[b][target] - places[a][source]
            if how.exact and distance:
                never.add(pair)
            if pair not in found or found[pair].distance < distance:
                found[pair] = Reach(*pair, distance, how.exact, how.free)
        return tuple(reach for pair, reach in found.items() if pair not in never)
