"""Offsets for buffers of which some may not overlap, so that the arena is small.

First-fit over several orders and a bounded seeded search (Pisarchyk and Lee, "Efficient Memory
Management for Deep Neural Net Inference", 2020, for the greedy orders), then an exact one.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tinygen.plan.buffers import Buffer, Reach
from tinygen.plan.exact import Answer, Conflict, fitting
from tinygen.plan.places import ALIGNMENT

_SEARCHES = 400
_FEW = 40
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


def pack(
    buffers: Sequence[Buffer], reaches: Sequence[Reach], minimum: int, *, thorough: bool = True
) -> Packing:
    """The smallest that is found; no packing is smaller than `minimum`, as is known before."""
    conflicts = _conflicts(buffers, reaches)
    sizes = [buffer.nbytes for buffer in buffers]
    best = _searched(buffers, conflicts, minimum, _SEARCHES if thorough else _FEW)
    if not thorough:
        return Packing(best, minimum)
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
    of_pair: dict[tuple[int, int], list[Reach]] = {}
    for reach in reaches:
        of_pair.setdefault((reach.reader, reach.writer), []).append(reach)
    conflicts: list[list[Conflict]] = [[] for _ in buffers]
    for i, j in itertools.combinations(range(len(buffers)), 2):
        a, b = buffers[i], buffers[j]
        if a.first > b.last or b.first > a.last:
            continue
        here, there = of_pair.get((i, j), ()), of_pair.get((j, i), ())
        ways = [(r.step, r.distance, r) for r in here] + [(r.step, -r.distance, r) for r in there]
        for low, high in _joined(_apart(a, b, ways, reads=len(here))):
            conflicts[i].append((j, low, high))
            conflicts[j].append((i, -high, -low))
    return conflicts


def _apart(
    a: Buffer, b: Buffer, ways: Sequence[tuple[int, int, Reach]], *, reads: int
) -> Iterator[tuple[int, int]]:
    """What the distance from b's offset to a's cannot be, as open intervals.

    `ways` are their reaches: the step, the least distance where a is what is read, as in the first
    `reads`, and the greatest where it is what is written.
    """
    for one, other in itertools.product(a.spans, b.spans):
        if one.first > other.last or other.first > one.last:
            continue
        low, high = other.start - one.stop, other.stop - one.start
        gaps: list[tuple[int, int]] = [(low, high)]
        for number, (step, distance, reach) in enumerate(ways):
            ends, begins = (one, other) if number < reads else (other, one)
            if not ends.last == step == begins.first:
                continue
            if reach.free:
                gaps = []
            elif reach.exact:
                gaps = [(low, min(high, distance)), (max(low, distance), high)]
            elif number < reads:
                gaps = [(low, min(high, distance))]
            else:
                gaps = [(max(low, distance), high)]
        yield from (gap for gap in gaps if gap[0] < gap[1])


def _joined(gaps: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Open intervals that cover the same, none overlapping another."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(gaps):
        if found and low < found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], high)
        else:
            found.append((low, high))
    return found


def _searched(
    buffers: Sequence[Buffer],
    conflicts: Sequence[Sequence[Conflict]],
    minimum: int,
    searches: int,
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
    for attempt in range(len(orders) + min(searches, _SWEEPS // max(1, len(buffers)))):
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
