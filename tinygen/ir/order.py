"""How far a kernel's output may reach into an input that it still reads.

A kernel that goes through both from the front has used up the input's first bytes before it writes
many. After Blacker, Bridges and Hadfield, "Diagonal Memory Optimisation for Machine Learning on
Micro-controllers" (2020): from the order in which bytes are read and written follows the smallest
safe distance between the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir.calls import Overlap
from tinygen.ir.tensors import Array


@dataclass(frozen=True, eq=False)
class Order:
    """The steps in which a kernel reads an input and writes an output, one entry for each.

    A step is as much as the kernel does without a promise about the order within: a pixel, a block
    of them, a row.
    """

    reads: Array
    """The lowest byte of the input that the step reads."""
    written: Array
    """The byte behind the last one of the output that the step writes."""
    reads_first: bool = False
    """A step has read all that it needs, into registers or scratch, before it writes."""

    @property
    def distance(self) -> int:
        """How many bytes the output must at least begin before the input: then no step writes a
        byte that it or a later one has still to read."""
        still = np.minimum.accumulate(self.reads[::-1])[::-1]
        written = np.maximum.accumulate(self.written)
        if self.reads_first:
            still, written = still[1:], written[:-1]
        return max(0, int((written - still).max(initial=0)))

    def overlaps(self, nbytes: int, input: int = 0, output: int = 0) -> tuple[Overlap, ...]:
        """For `KernelCall.overlaps`: an output of `nbytes` with this input, by their positions in
        the call; empty where they can share nothing."""
        shared = nbytes - self.distance
        return (Overlap(input, output, shared),) if shared > 0 else ()
