"""What has to lie in the arena, and when: tensors at fixed distances are one buffer.

Those are reshapes, parts of a whole, what is joined. Where a kernel lets its output lie on an input
that is read for the last time, or reach into a part of it, the two are buffers that may overlap by
that much, or one buffer, where that is asked for.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tinygen.ir import Alias, KernelCall, Lowered, Overlap, State, Tensor, TensorId
from tinygen.plan.places import ALIGNMENT, Groups


class Span(NamedTuple):
    """Bytes of a buffer, from `start` up to `stop`, and the first and last step that need them."""

    start: int
    stop: int
    first: int
    last: int


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
    parts: tuple[Span, ...] = ()
    """Where not all of it is needed as long: an image that is read in stripes is used up row by
    row, and what is joined is there once it is written."""

    @property
    def spans(self) -> tuple[Span, ...]:
        """All of it, in order."""
        return self.parts or (Span(0, self.nbytes, self.first, self.last),)


@dataclass(frozen=True)
class Reach:
    """A buffer that is written at a step while another is read for the last time, and may reach
    into it.

    Positions in the plan's `buffers`. What the step writes first and what it reads last, of the
    two, are disjoint, or the writer's offset is at least `distance` bytes below the reader's, which
    is below 0 where what is read lies farther behind.
    """

    reader: int
    writer: int
    step: int
    distance: int
    exact: bool = False
    """The writer's offset is just that much below, or they are disjoint."""
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
        states: Sequence[State],
        *,
        in_place: bool,
    ) -> None:
        self._tensors = tensors
        self._groups = Groups()
        self._used: dict[TensorId, tuple[int, int]] = {}
        self._calls = [step for step in steps if isinstance(step, KernelCall)]
        for step in steps:
            if isinstance(step, Alias):
                self._groups.join(step.source, step.target, step.offset)
        for tensor_id in inputs:
            self._touch(tensor_id, 0)
        for number, call in enumerate(self._calls, start=1):
            for tensor_id in (*call.inputs, *call.outputs):
                if not tensors[tensor_id].constant:
                    self._touch(tensor_id, number)
        for tensor_id in outputs:
            self._touch(tensor_id, len(self._calls) + 1)
        for state in states:
            self._join_state(state, {*inputs, *outputs} - {state.written})
        if in_place:
            self._join_in_place()
        self._places = self._groups.members()
        self._positions = {root: i for i, root in enumerate(self._places)}
        self._buffers = [self._buffer(places) for places in self._places.values()]

    def _touch(self, tensor_id: TensorId, step: int) -> None:
        self._groups.find(tensor_id)
        first, last = self._used.get(tensor_id, (step, step))
        self._used[tensor_id] = min(first, step), max(last, step)

    def _join_state(self, state: State, others: Collection[TensorId]) -> None:
        """Put what a state is left as where it is read from, if all readers are done by then;
        `others` are the other tensors that whoever runs the model writes or reads."""
        if self._tensors[state.written].constant:
            return
        groups = self._groups.members()
        a, b = (self._groups.find(i)[0] for i in (state.read, state.written))
        edges = set(others) - {state.read}
        if a == b or not edges.isdisjoint({*groups[a], *groups[b]}):
            return
        steps = list(enumerate(self._calls, start=1))
        read = [n for n, call in steps if not groups[a].keys().isdisjoint(call.inputs)]
        wrote = [n for n, call in steps if not groups[b].keys().isdisjoint(call.outputs)]
        last = max(read, default=0)
        if wrote and (last < min(wrote) or (last == min(wrote) and self._over(last, state))):
            self._groups.join(state.read, state.written)

    def _over(self, step: int, state: State) -> bool:
        """Whether this step's call, which reads of a state's buffer one tensor, may leave the state
        where it is read from: there, or before what the call reads."""
        call = self._calls[step - 1]
        root, at = self._groups.find(state.read)
        inside = [i for i in call.inputs if self._groups.find(i)[0] == root]
        if len(inside) != 1:
            return False
        before = self._groups.find(inside[0])[1] - at
        end = self._tensors[state.written].nbytes - before
        return any(
            (call.inputs[one.input], call.outputs[one.output]) == (inside[0], state.written)
            and (before == 0 if one.exact else before >= 0)
            and one.nbytes >= end
            for one in call.overlaps
        )

    def _join_in_place(self) -> None:
        """Put outputs on inputs of their own size, where that is all that lives of either."""
        first: dict[TensorId, int] = {}
        last: dict[TensorId, int] = {}
        for tensor_id, used in self._used.items():
            root, _ = self._groups.find(tensor_id)
            first[root] = min(first.get(root, used[0]), used[0])
            last[root] = max(last.get(root, used[1]), used[1])
        for step, call in enumerate(self._calls, start=1):
            for overlap in call.overlaps:
                source, target = call.inputs[overlap.input], call.outputs[overlap.output]
                readers = self._readers(call, overlap)
                if not readers:  # a constant, say, which lies in flash
                    continue
                (a, at), (b, _) = self._groups.find(source), self._groups.find(target)
                if a == b or last[a] != step or first[b] != step:
                    continue
                size = self._tensors[target].nbytes
                whole = all(
                    how.nbytes >= size == self._tensors[reader].nbytes
                    and self._groups.find(reader)[1] == at
                    for reader, how in readers
                )
                if whole and not all(how.free for _, how in readers):
                    self._groups.join(source, target)
                    first[a], last[a] = min(first[a], first[b]), max(last[a], last[b])

    def _readers(self, call: KernelCall, overlap: Overlap) -> list[tuple[TensorId, Overlap]]:
        """The inputs that lie where this one does, and what each allows the output; none where
        one of them does not: the same bytes may be read as several inputs."""
        live = [i for i, t in enumerate(call.inputs) if not self._tensors[t].constant]
        if overlap.input not in live:
            return []
        a, _ = self._groups.find(call.inputs[overlap.input])
        b, _ = self._groups.find(call.outputs[overlap.output])
        if sum(self._groups.find(t)[0] == b for t in call.outputs) > 1:
            return []
        allowed = {o.input: o for o in call.overlaps if o.output == overlap.output}
        inside = [i for i in live if self._groups.find(call.inputs[i])[0] == a]
        if not all(i in allowed and allowed[i].nbytes > 0 for i in inside):
            return []
        return [(call.inputs[i], allowed[i]) for i in inside]

    def _buffer(self, places: Mapping[TensorId, int]) -> Buffer:
        """One group: cut where a tensor begins or ends, and joined again where that is nothing to
        when the bytes are needed."""
        nbytes = aligned(max(at + self._tensors[i].nbytes for i, at in places.items()))
        used = [
            Span(at, aligned(at + self._tensors[i].nbytes), *self._used[i])
            for i, at in places.items()
            if i in self._used
        ]
        ends = sorted({0, nbytes, *(s.start for s in used), *(s.stop for s in used)})
        spans: list[Span] = []
        for start, stop in itertools.pairwise(ends):
            over = [s for s in used if s.start <= start and stop <= s.stop]
            if not over:
                continue
            span = Span(start, stop, min(s.first for s in over), max(s.last for s in over))
            if spans and spans[-1][1:] == (start, span.first, span.last):
                span = span._replace(start=spans.pop().start)
            spans.append(span)
        first, last = min(s.first for s in spans), max(s.last for s in spans)
        whole = spans == [(0, nbytes, first, last)]
        parts = () if whole else tuple(spans)
        return Buffer(dict(sorted(places.items())), nbytes, first, last, parts=parts)

    def buffers(self) -> list[Buffer]:
        return list(self._buffers)

    def reaches(self) -> tuple[Reach, ...]:
        """Those of two buffers at a step are one."""
        found: dict[tuple[int, int, int], Reach] = {}
        never: set[tuple[int, int, int]] = set()
        for step, call in enumerate(self._calls, start=1):
            for overlap in call.overlaps:
                for reach in self._reaches(call, overlap, step):
                    key = reach.reader, reach.writer, step
                    other = found.get(key, reach)
                    if (reach.exact or other.exact) and reach.distance != other.distance:
                        never.add(key)
                    if other.distance <= reach.distance:
                        found[key] = reach
        return tuple(reach for key, reach in found.items() if key not in never)

    def _reaches(self, call: KernelCall, overlap: Overlap, step: int) -> Iterator[Reach]:
        target = call.outputs[overlap.output]
        readers = self._readers(call, overlap)
        if not readers:
            return
        a, _ = self._groups.find(call.inputs[overlap.input])
        b, _ = self._groups.find(target)
        if a == b:
            return
        pair = self._positions[a], self._positions[b]
        ends = any(span.last == step for span in self._buffers[pair[0]].spans)
        begins = any(span.first == step for span in self._buffers[pair[1]].spans)
        if not (ends and begins):
            return
        exact = any(how.exact for _, how in readers)
        free = all(how.free for _, how in readers)
        for reader, how in readers:
            before = aligned(max(self._tensors[target].nbytes - how.nbytes, 0), least=0)
            distance = before + self._places[b][target] - self._places[a][reader]
            yield Reach(*pair, step, distance, exact, free)
