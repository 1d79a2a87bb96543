"""Moving elements to places that no stride gives: the kernel call behind resizing to the nearest
neighbour, mirrored borders, batches made of space, picks by constant indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from tinygen.ir import Array, Constant, KernelCall, Tensor, portable

_LOOPS = 4


@dataclass(frozen=True, eq=False)
class Places:
    """One loop: where each round reads and where it writes, in elements; the loops' numbers add
    up to a position."""

    source: Array
    target: Array

    @classmethod
    def of(cls, indices: Sequence[int] | Array, step: int, target_step: int) -> Places:
        """Reads these indices of a dimension with this step, and writes one after the other."""
        source = np.asarray(indices, np.int64).reshape(-1)
        return cls(source * step, np.arange(source.size) * target_step)

    def within(self, outer: Places) -> Places:
        """Both loops as one, `outer` outside."""
        return Places(
            np.add.outer(outer.source, self.source).reshape(-1),
            np.add.outer(outer.target, self.target).reshape(-1),
        )

    def continues(self, block: int) -> bool:
        """Whether its rounds read and write blocks of this size one behind the other."""
        expected = np.arange(self.source.size) * block
        return all(np.array_equal(p - p[0], expected) for p in (self.source, self.target))

    @property
    def first(self) -> Places:
        """Only its first round."""
        return Places(self.source[:1], self.target[:1])


def relocate_call(source: Tensor, target: Tensor, loops: Sequence[Places]) -> KernelCall:
    """Moves one element per round of the innermost of these nested loops, outermost first.

    Neighbouring elements are moved as one block; as many loops remain as the kernel has.
    """
    kept, block = list(loops), 1
    while kept and kept[-1].continues(block):
        block *= kept[-1].source.size
        *kept, last = kept
        start = last.first
        kept = [*kept[:-1], start.within(kept[-1])] if kept else []
        if not kept and (start.source[0] or start.target[0]):
            kept = [start]
            break
    while len(kept) > _LOOPS:
        sizes = [a.source.size * b.source.size for a, b in pairwise(kept)]
        at = int(np.argmin(sizes))
        kept[at : at + 2] = [kept[at + 1].within(kept[at])]
    once = Places(np.zeros(1, np.int64), np.zeros(1, np.int64))
    kept = [once] * (_LOOPS - len(kept)) + kept
    size = target.dtype.size
    return KernelCall(
        kernel=portable("relocate"),
        inputs=(source.id,),
        outputs=(target.id,),
        params={
            "dims": tuple(loop.source.size for loop in kept),
            "block_bytes": size * block,
        },
        constants={
            "from": Constant(_bytes([loop.source for loop in kept], size)),
            "to": Constant(_bytes([loop.target for loop in kept], size)),
        },
    )


def _bytes(positions: Sequence[Array], size: int) -> Array:
    return (np.concatenate(positions) * size).astype(np.int32)
