"""What an operator is to every stage: shapes, meaning, kernel calls."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from tinygen.errors import UnsupportedModel
from tinygen.ir.calls import Lowered
from tinygen.ir.intervals import Interval
from tinygen.ir.tensors import Array, Given, Operands, Shape, Values


@dataclass(frozen=True)
class Op(ABC):
    """An operator: its attributes are the fields of a frozen dataclass.

    An operator writes `infer`, `compute` and `kernels`, and `check` for what both of the latter
    rely on; others call `reference` and `lower`, which check first.
    """

    kind: ClassVar[str]
    """TFLite's name of the operator, e.g. CONV_2D."""
    arity: ClassVar[tuple[int, int | None]] = (1, 1)
    """How many inputs a node has at least and at most, absent ones counted; None for any number."""
    memory: ClassVar[tuple[int, ...]] = ()
    """Positions of the inputs that hold what the operator itself left there in the inference
    before. What it leaves is outputs behind its others, one for each."""

    @abstractmethod
    def infer(self, io: Operands) -> tuple[Shape, ...]:
        """Output shapes, from the inputs' shapes and the constants among them.

        Where a shape hangs on values that are not known yet, the output's own shape is left to
        trust: the one that the file declares.
        """

    def check(self, io: Operands) -> None:  # noqa: B027 - most operators have something to check
        """Raise UnsupportedModel unless these tensors are what the operator computes on."""

    @abstractmethod
    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        """The outputs for these values of the inputs; `check` has passed."""

    def kernels(self, io: Operands) -> Lowered:  # noqa: ARG002
        """The portable kernel calls that compute it; `check` has passed."""
        raise UnsupportedModel(
            f"{self.kind} is compiled only where its result is known beforehand",
            why="it computes shapes, and here its inputs are not constant",
        )

    @final
    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        """What the operator computes, bit for bit as TFLM's reference kernel does.

        `values` are arrays in the order of the inputs, None where an optional one is absent.
        """
        self.check(io)
        return self.compute(io, Values(values))

    @final
    def lower(self, io: Operands) -> Lowered:
        """The portable kernel calls that compute it."""
        self.check(io)
        return self.kernels(io)

    def tflm_fault(self, io: Operands) -> str:  # noqa: ARG002
        """What TFLM's own kernel is known to compute wrongly here, so that it is no oracle; empty
        where nothing is."""
        return ""

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:  # noqa: ARG002
        """What the outputs' values lie in when those of the inputs lie in `inputs`.

        By default all that an output's type has; `check` has passed.
        """
        return tuple(Interval.of_type(tensor.dtype) for tensor in io.outputs)

    def ranges_of(
        self,
        io: Operands,
        inputs: Given[Interval],
        sums: Interval | None,  # noqa: ARG002
    ) -> tuple[Interval, ...]:
        """`ranges`, for who knows the `accumulators` already."""
        return self.ranges(io, inputs)

    def accumulators(self, io: Operands, inputs: Given[Interval]) -> Interval | None:  # noqa: ARG002
        """What the exact sums lie in that an int32 accumulates, per output channel.

        None for an operator that has none, or whose weights are not constant.
        """
        return None

    def sums(self, io: Operands, values: Values) -> Array | None:  # noqa: ARG002
        """Those sums for these values, before int32 wraps: [..., output channel]."""
        return None

    def index_limit(self, io: Operands, position: int) -> int | None:  # noqa: ARG002
        """What the numbers of the input at `position` stay below, where it says which elements are
        picked; None where it does not."""
        return None

    def foldable(self, io: Operands) -> bool:
        """Whether the result is known beforehand: by default, when every input is constant."""
        return all(t is None or t.constant for t in io.inputs)

    def macs(self, io: Operands) -> int:  # noqa: ARG002
        """Multiply-accumulates of one inference."""
        return 0
