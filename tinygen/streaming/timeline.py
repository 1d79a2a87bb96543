"""How tensors lie in time: rows of a window, of which some only move on with the next frames."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Rows = tuple[int, int]
"""The first row of a tensor, and the first one behind."""


@dataclass(frozen=True)
class Timeline:
    """How a tensor lies in time."""

    axis: int
    """The dimension of its rows."""
    rows: int
    frames: int
    """How many rows of the model's input lie between one row and the next."""
    settled: Rows
    """Rows that no window's padding touches: when n * `frames` frames come, what row r is of them
    is what row r + n was, if both are among these."""

    def hop(self, frames: int) -> int:
        """How many rows it moves on when so many frames come."""
        return frames // self.frames

    def kept(self, frames: int) -> Rows:
        """The rows that are there already when so many frames come."""
        start, stop = self.settled
        return start, max(start, stop - self.hop(frames))


@dataclass(frozen=True)
class Window:
    """Which rows of an input a row of an output hangs on: `span` of them, for row r from
    r * `stride` - `before` on. What lies outside of the input is padding."""

    span: int = 1
    stride: int = 1
    before: int = 0

    def under(self, rows: Rows, there: int) -> Rows:
        """The rows under these ones, of an input that has so many; at least one."""
        start = max(0, min(self.first(rows), there - 1))
        return start, min(there, max(start + 1, self.last(rows)))

    def first(self, rows: Rows) -> int:
        """The first row under these ones, below zero in the padding."""
        return rows[0] * self.stride - self.before

    def last(self, rows: Rows) -> int:
        """The row behind the last one under these, maybe in the padding."""
        return (rows[1] - 1) * self.stride - self.before + self.span

    def over(self, settled: Rows, rows: int) -> Rows:
        """Those of so many rows that hang on these ones alone."""
        start = max(0, -(-(settled[0] + self.before) // self.stride))
        stop = min(rows, (settled[1] - self.span + self.before) // self.stride + 1)
        return start, max(start, stop)


ROW = Window()
"""A row of an output hangs on the same row of an input."""


def joined(parts: Iterable[Rows]) -> list[Rows]:
    """The same rows, as few parts, in order."""
    found: list[Rows] = []
    for start, stop in sorted(part for part in parts if part[0] < part[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], stop)
        else:
            found.append((start, stop))
    return found


def without(parts: Iterable[Rows], gone: Rows) -> list[Rows]:
    """The rows of these parts that are not in `gone`."""
    start, stop = gone
    pieces = ((a, min(b, start), max(a, stop), b) for a, b in parts)
    return joined(part for a, b, c, d in pieces for part in ((a, b), (c, d)))
