"""The kernel sets of the engine aot: which implementations of an operator there are for a core.

`portable` is always complete. Another set only overrides it, bit for bit.
"""

from __future__ import annotations

from collections.abc import Collection

from tinygen.boards import Board
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.esp32s3 import Esp32S3
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.engines.aot.kernel_sets.neon import Neon
from tinygen.engines.aot.kernel_sets.portable import Portable
from tinygen.engines.aot.offers import KernelSet

__all__ = ["KERNEL_SETS", "KernelSet", "Portable", "kernel_sets", "named"]

KERNEL_SETS: tuple[KernelSet, ...] = (Mve(), Dsp(), Esp32S3(), Neon(), Portable())
"""In the order of preference; `portable` last."""


def kernel_sets(board: Board) -> tuple[str, ...]:
    """The names of the sets that the board's core can execute, in the order of preference."""
    return tuple(there.name for there in KERNEL_SETS if board.runs(there.requires))


def named(names: Collection[str]) -> tuple[KernelSet, ...]:
    """The sets of these names, in the order of preference."""
    return tuple(there for there in KERNEL_SETS if there.name in names)
