"""Offsets for buffers of which some may not overlap, so that the arena is small.

First-fit over several orders and a bounded seeded search (Pisarchyk and Lee, "Efficient Memory
Management for Deep Neural Net Inference", 2020, for the greedy orders), then an exact one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from tinygen.plan.buffers import Buffer, Reach
from tinygen.plan.exact import Answer, Conflict, fitting
from tinygen.plan.places import ALIGNMENT

_SEARCHES = 400
_SWEEPS = 40_000
"""Buffers placed in the search, in all."""
_BUDGET = 60_000
"""Pairs looked at by the exact search for one size."""


@dataclass(frozen=True)
class Packing:
    """Offsets in bytes, one for each buffer; no packing of theirs is smaller than `bound`."""

    offsets: Sequence[int]
    bound: int

    def top(self, buffers: Sequence[Buffer]) -> int:
        """The bytes that they take in all."""
        return _top(self.offsets, [buffer.nbytes for buffer in buffers])


def pack(buffers: Sequence[Buffer], reaches: Sequence[Reach], minimum: int) -> Packing:
    """The smallest that is found; no packing is smaller than `minimum`, as is known before."""
    conflicts = _conflicts(buffers, reaches)
    sizes = [buffer.nbytes for buffer in buffers]
    best = _searched(buffers, conflicts, minimum)
    bound = least = minimum
    while least < (top := _top(best, sizes)):
        middle = least + (top - least) // 2 // ALIGNMENT * ALIGNMENT
        limit = minimum if least == minimum else middle
        found = fitting(sizes, conflicts, limit, _BUDGET)
        if isinstance(found, list):
            best = found
            continue
        if found is Answer.IMPOSSIBLE:
            bound = limit + ALIGNMENT
        least = limit + ALIGNMENT
    return Packing(best, bound)


def _top(offsets: Sequence[int], sizes: Sequence[int]) -> int:
    return max((o + size for o, size in zip(offsets, sizes, strict=True)), default=0)


def _conflicts(buffers: Sequence[Buffer], reaches: Sequence[Reach]) -> list[list[Conflict]]:
    """For each buffer those that it must keep away from: they live at the same time."""
    pairs = {(reach.reader, reach.writer): reach for reach in reaches}
    conflicts: list[list[Conflict]] = []
    for i, buffer in enumerate(buffers):
        conflicts.append([])
        for j, other in enumerate(buffers):
            if j == i or not buffer.overlaps(other):
                continue
            low, high = -buffer.nbytes, other.nbytes
            over, under = pairs.get((j, i)), pairs.get((i, j))
            if any(reach is not None and reach.free for reach in (over, under)):
                continue
            if any(reach is not None and reach.exact for reach in (over, under)):
                conflicts[i] += ((j, low, 0), (j, 0, high))
                continue
            if over:  # this one may be written over the other
                low = max(low, -over.distance)
            if under:  # or the other over this one
                high = min(high, under.distance)
            if low < high:
                conflicts[i].append((j, low, high))
    return conflicts


def _searched(
    buffers: Sequence[Buffer], conflicts: Sequence[Sequence[Conflict]], minimum: int
) -> list[int]:
    """An offset for each buffer; the best of several orders and a search."""
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
    for attempt in range(len(orders) + min(_SEARCHES, _SWEEPS // max(1, len(buffers)))):
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


def _first_fit(conflicts: Sequence[Sequence[Conflict]], order: Sequence[int]) -> list[int]:
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
