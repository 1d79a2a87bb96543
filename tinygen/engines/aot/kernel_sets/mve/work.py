"""What a kernel executes, counted by the sort of instruction: a Cost is made of it.

The Cortex-M55's cycles are an estimate, never measured: its data path of 64 bits does an
instruction on a vector in two halves, one a cycle, and any other in one. What it does at once (the
second half of a load with the first of a product) is not taken off, nor are waits for memory added.
"""

from __future__ import annotations

from typing import NamedTuple

from tinygen.engines.aot.offers import Cost


class Work(NamedTuple):
    """Instructions on vectors, and others."""

    vectors: float = 0
    others: float = 0

    def and_(self, *more: Work) -> Work:
        """All of it."""
        every = (self, *more)
        return Work(sum(w.vectors for w in every), sum(w.others for w in every))

    def times(self, count: float) -> Work:
        """As often."""
        return Work(count * self.vectors, count * self.others)

    def cost(self, flash: int, scratch: int = 0) -> Cost:
        """With the bytes of code and constants, and of scratch."""
        return Cost(
            instructions=round(self.vectors + self.others),
            cycles=round(2 * self.vectors + self.others),
            flash=flash,
            scratch=scratch,
        )
