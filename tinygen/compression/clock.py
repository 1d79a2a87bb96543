"""How long what is left will take, by how long the same took before."""

from __future__ import annotations

from collections import defaultdict

FAST = 1.0
"""Seconds: what took less was known already, and says nothing of what is not."""


class Clock:
    """Counts pieces of work of several kinds."""

    def __init__(self) -> None:
        self._left: defaultdict[str, int] = defaultdict(int)
        self._took: defaultdict[str, list[float]] = defaultdict(list)

    def expect(self, kind: str, count: int) -> None:
        """So many pieces of this kind are left."""
        self._left[kind] = count

    def done(self, kind: str, seconds: float) -> None:
        """One of them is done."""
        self._left[kind] = max(0, self._left[kind] - 1)
        self.took(kind, seconds)

    def took(self, kind: str, seconds: float) -> None:
        """One of them took so long, or several at a time did for each; it counts as done later."""
        if seconds >= FAST:
            self._took[kind].append(seconds)

    @property
    def seconds_left(self) -> float | None:
        """None where nothing is left, and while nothing is known of a kind that is."""
        if not any(self._left.values()):
            return None
        known = {kind: took for kind, took in self._took.items() if took}
        if any(count and kind not in known for kind, count in self._left.items()):
            return None
        return sum(
            count * sum(known[kind]) / len(known[kind])
            for kind, count in self._left.items()
            if count
        )

    @property
    def text(self) -> str:
        """The same for people; empty where nothing is known."""
        left = self.seconds_left
        if left is None:
            return ""
        return f", about {left / 60:.0f} min left" if left >= 90 else f", about {left:.0f} s left"
