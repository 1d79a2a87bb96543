"""What a kernel set is asked, and what it answers: candidates for a node, or why it has none.

A candidate covers the node it is asked for, or several: kernels may be fused without touching the
graph. What one costs is an estimate, in the same unit for every set, so that no set is ever taken
where it is worse than `portable`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, NamedTuple

from tinygen.analysis import Facts
from tinygen.boards import Core, Extension
from tinygen.engines.aot.functions import alike
from tinygen.ir import DType, Graph, KernelCall, Lowered, Node, Operands, TensorId


class Fact(NamedTuple):
    """Every element of the tensor, or the sum behind it, is within these bounds."""

    tensor: TensorId
    low: int
    high: int
    accumulator: bool = False


@dataclass(frozen=True, eq=False)
class Site:
    """One node for which a kernel is looked for, and all that a set may ask."""

    graph: Graph
    node: Node
    facts: Facts
    core: Core
    """The board's: costs, and how a kernel is blocked, may depend on it."""
    extensions: frozenset[Extension]
    """What a kernel may count on: what the sets in question require."""
    given: Candidate | None = None
    """What computes the node, where no set is to be asked: a loop, whose steps are chosen for
    themselves."""

    @cached_property
    def io(self) -> Operands:
        return self.graph.operands(self.node)

    @property
    def of_16_bits(self) -> bool:
        """Whether the node reads or writes int16 activations."""
        tensors = (*self.io.inputs, *self.io.outputs)
        return any(t is not None and t.dtype is DType.INT16 for t in tensors)


@dataclass(frozen=True)
class Cost:
    """What an offer takes, estimated: per inference, and bytes."""

    instructions: int
    cycles: int
    """Without wait states of the memory."""
    flash: int
    """Code and constants."""
    scratch: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.instructions + other.instructions,
            self.cycles + other.cycles,
            self.flash + other.flash,
            max(self.scratch, other.scratch),
        )


@dataclass(frozen=True, eq=False)
class Candidate:
    """Calls that compute these nodes, in the graph's order.

    A tensor that one of the nodes writes and only the others read need not be written. Where
    `layouts` of calls name another layout than a tensor's shape, it has to be such a tensor.
    """

    nodes: tuple[Node, ...]
    calls: Lowered
    cost: Cost
    needs: tuple[Fact, ...] = ()
    """What has to be proved for the result to be right."""
    why: str = ""
    slow: bool = False
    """It saves flash at many times the cycles. What a model takes of flash is not measured by it
    where cycles count too."""

    @cached_property
    def kernel_calls(self) -> tuple[KernelCall, ...]:
        """Those of its calls that compute."""
        return tuple(call for call in self.calls if isinstance(call, KernelCall))

    @cached_property
    def functions(self) -> Hashable:
        """The same for those whose calls are the same C functions."""
        return tuple(map(alike, self.kernel_calls))

    @cached_property
    def arrays(self) -> Mapping[int, int]:
        """The bytes of its constants, by the identity of each."""
        constants = (c for call in self.kernel_calls for c in call.constants.values())
        return {id(constant.data): constant.data.nbytes for constant in constants}

    @cached_property
    def constant_bytes(self) -> int:
        """Bytes of flash that are its own, and not its functions'."""
        return min(sum(self.arrays.values()), self.cost.flash)


@dataclass(frozen=True)
class Declined:
    """A set has no kernel here."""

    why: str


class Offer(NamedTuple):
    """What the kernel set of this name said."""

    set: str
    answer: Candidate | Declined


@dataclass(frozen=True, eq=False)
class Choice:
    """Which candidate computes the node, and what else there was. One that covers several nodes
    is the choice of each of them."""

    node: Node
    set: str
    taken: Candidate
    others: tuple[Offer, ...]
    portable: Candidate | None = None
    """What is taken of the last set where there is no other."""


class KernelSet(ABC):
    """One family of kernels, in `firmware/kernels/<name>/`."""

    name: ClassVar[str]
    requires: ClassVar[frozenset[Extension]] = frozenset()
    """What its kernels take for granted of a core."""
    kinds: ClassVar[frozenset[str] | None] = None
    """The operators that it may have a kernel for; None for every one."""
    build_flags: ClassVar[tuple[str, ...]] = ()
    """Of the compiler, for a firmware in which kernels of the set are."""

    of_16_bits: ClassVar[bool] = False
    """Whether it has kernels for int16 activations; else it is not asked."""
    alike: ClassVar[bool] = True
    """Whether nodes that differ in nothing but which tensors they have get the same answer."""

    @abstractmethod
    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        """What the set has for the node; UnsupportedModel where the node itself is impossible."""
