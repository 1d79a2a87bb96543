"""Kernel sets: which implementation of an operator runs on a core.

`portable` is always complete. Another set only overrides it, bit for bit; where it has no kernel
for a node it says why not, and the next set is asked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from tinygen.boards import Board, Extension
from tinygen.ir import Lowered, Node, Operands


@dataclass(frozen=True)
class Declined:
    """A set has no kernel for this node."""

    why: str


class KernelSet(ABC):
    """One family of kernels, in `firmware/kernels/<name>/`."""

    name: ClassVar[str]
    requires: ClassVar[frozenset[Extension]] = frozenset()
    """What its kernels take for granted of a core."""

    @abstractmethod
    def lower(self, node: Node, io: Operands) -> Lowered | Declined:
        """The calls that compute the node, or why this set cannot."""


class Portable(KernelSet):
    """C11 for any core, as each operator lowers itself."""

    name = "portable"

    def lower(self, node: Node, io: Operands) -> Lowered | Declined:
        return node.op.lower(io)


KERNEL_SETS: tuple[KernelSet, ...] = (Portable(),)
"""In the order of preference; `portable` last, because it never declines."""


def kernel_sets(board: Board) -> tuple[str, ...]:
    """The names of the sets that the board's core can execute, in the order of preference."""
    return tuple(there.name for there in KERNEL_SETS if board.runs(there.requires))
