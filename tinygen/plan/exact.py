"""Whether buffers fit into so many bytes, exactly.

Of two buffers that conflict one lies below the other. Pair by pair that is decided, and what a
decision leaves of the places of others is propagated, as in disjunctive scheduling (Carlier and
Pinson, "An Algorithm for Solving the Job-Shop Problem", 1989). Where no place is found there is
none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

Conflict = tuple[int, int, int]
"""Another buffer, and by how much its offset `o` keeps away this one's: those strictly between
`o + low` and `o + high` are taken."""


class Answer(Enum):
    """Why there are no offsets."""

    IMPOSSIBLE = auto()
    UNKNOWN = auto()
    """The budget has ended."""


def fitting(
    sizes: Sequence[int], conflicts: Sequence[Sequence[Conflict]], limit: int, budget: int
) -> list[int] | Answer:
    """Offsets for buffers of these sizes within `limit` bytes, if there are any.

    `conflicts` has those of each buffer, each pair with both; `budget` is how often a pair may be
    looked at.
    """
    pairs = [
        _Pair(i, j, low, high)
        for i, others in enumerate(conflicts)
        for j, low, high in others
        if i < j
    ]
    search = _Search(pairs, len(sizes), budget)
    first = _State([0] * len(sizes), [limit - size for size in sizes], {})
    if min(first.high, default=0) < 0 or not search.propagate(first, range(len(pairs))):
        return Answer.IMPOSSIBLE
    open_states = [first]
    while open_states:
        state = open_states.pop()
        pair = search.branch(state)
        if pair is None:
            return state.low
        for below in sorted((True, False), key=lambda below: pairs[pair].room(state, below)):
            child = _State(list(state.low), list(state.high), {**state.below, pair: below})
            if search.propagate(child, [pair]):
                open_states.append(child)  # the one with more room comes first
        if search.budget < 0:
            return Answer.UNKNOWN
    return Answer.IMPOSSIBLE


@dataclass(frozen=True, eq=False)
class _State:
    """Where each offset can be, and which pairs are decided."""

    low: list[int]
    high: list[int]
    below: dict[int, bool]
    """For a decided pair whether its first buffer lies below the second."""


@dataclass(frozen=True)
class _Pair:
    """Offset a is at most offset b + `low`, or at least offset b + `high`."""

    a: int
    b: int
    low: int
    high: int

    def room(self, state: _State, below: bool) -> int:
        """How much the two can still move if it is decided so; negative where it cannot be."""
        if below:
            return state.high[self.b] + self.low - state.low[self.a]
        return state.high[self.a] - state.low[self.b] - self.high

    def holds(self, offsets: Sequence[int]) -> bool:
        apart = offsets[self.a] - offsets[self.b]
        return apart <= self.low or apart >= self.high


class _Search:
    """What is the same for every state."""

    def __init__(self, pairs: Sequence[_Pair], buffers: int, budget: int) -> None:
        self._pairs = pairs
        self.budget = budget
        self._of: list[list[int]] = [[] for _ in range(buffers)]
        for number, pair in enumerate(pairs):
            self._of[pair.a].append(number)
            self._of[pair.b].append(number)

    def propagate(self, state: _State, numbers: Sequence[int]) -> bool:
        """Narrow the state by these pairs and all that follows; False where nothing is left."""
        low, high = state.low, state.high
        pending = dict.fromkeys(numbers)
        while pending:
            number, _ = pending.popitem()
            self.budget -= 1
            pair = self._pairs[number]
            below = state.below.get(number)
            if below is None:
                rooms = pair.room(state, True), pair.room(state, False)
                if max(rooms) < 0:
                    return False
                if min(rooms) >= 0:
                    continue
                below = state.below[number] = rooms[0] >= 0
            # upper lies at least `gap` above lower
            lower, upper, gap = (
                (pair.a, pair.b, -pair.low) if below else (pair.b, pair.a, pair.high)
            )
            if low[lower] + gap > low[upper]:
                low[upper] = low[lower] + gap
                pending.update(dict.fromkeys(self._of[upper]))
            if high[upper] - gap < high[lower]:
                high[lower] = high[upper] - gap
                pending.update(dict.fromkeys(self._of[lower]))
            if low[upper] > high[upper] or low[lower] > high[lower]:
                return False
        return True

    def branch(self, state: _State) -> int | None:
        """The pair with the least room of those that do not hold with every offset at its lowest;
        None where all do."""
        best, least = None, 0
        for number, pair in enumerate(self._pairs):
            if number in state.below:
                continue
            self.budget -= 1
            if not pair.holds(state.low):
                room = pair.room(state, True) + pair.room(state, False)
                if best is None or room < least:
                    best, least = number, room
        return best
