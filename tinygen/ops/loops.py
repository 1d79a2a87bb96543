"""Nested loops over strided arrays, merged until as few as possible remain."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tinygen.ir import ParamValue, Shape


@dataclass(frozen=True)
class Rows:
    """A walk over rows of neighbours, in every array."""

    count: int
    length: int
    """Elements of a row."""
    steps: tuple[int, ...]
    """For each array elements from row to row; 0 where it has but one."""

    def params(self) -> dict[str, ParamValue]:
        """Of a kernel of two inputs."""
        steps = {f"step{i}": step for i, step in enumerate(self.steps)}
        return {"rows": self.count, "count": self.length, **steps}


@dataclass(frozen=True)
class Loops:
    """Loop counts, outermost first, and for each array its step in elements at each loop."""

    dims: Shape
    strides: tuple[tuple[int, ...], ...]

    def merged(self) -> Loops:
        """The same walk: loops that run once are dropped, neighbours that step alike joined."""
        kept: list[tuple[int, list[int]]] = []
        for i, dim in enumerate(self.dims):
            steps = [s[i] for s in self.strides]
            if dim == 1:
                continue
            if kept and all(o == s * dim for o, s in zip(kept[-1][1], steps, strict=True)):
                kept[-1] = (kept[-1][0] * dim, steps)
            else:
                kept.append((dim, steps))
        return Loops(
            tuple(dim for dim, _ in kept),
            tuple(tuple(steps[a] for _, steps in kept) for a in range(len(self.strides))),
        )

    def rows(self) -> Rows | None:
        """The same walk by rows, where two loops do."""
        loops = self.merged()
        if len(loops.dims) > 2 or any(steps[-1:] not in ((), (1,)) for steps in loops.strides):
            return None
        count, length = (1, 1, *loops.dims)[-2:]
        return Rows(count, length, tuple((0, 0, *steps)[-2] for steps in loops.strides))

    def padded(self, count: int) -> Loops:
        """`count` loops, the added outer ones running once."""
        missing = count - len(self.dims)
        return Loops(
            (1,) * missing + self.dims, tuple((0,) * missing + steps for steps in self.strides)
        )


def row_major(shape: Shape) -> tuple[int, ...]:
    """The step in elements along each dimension of a contiguous array."""
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


def broadcast_loops(output: Shape, *inputs: Shape) -> Loops:
    """Loops over `output` in order, with the steps of inputs that are broadcast to it."""
    strides = []
    for shape in inputs:
        full = (1,) * (len(output) - len(shape)) + shape
        steps = row_major(full)
        strides.append(tuple(0 if d == 1 else s for d, s in zip(full, steps, strict=True)))
    return Loops(output, tuple(strides)).merged()
