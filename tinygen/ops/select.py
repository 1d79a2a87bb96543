"""SELECT_V2 and SELECT: for each element that of one of two tensors, as a condition says."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    Given,
    Interval,
    KernelCall,
    Lowered,
    Operands,
    Overlap,
    Shape,
    Tensor,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.loops import broadcast_loops
from tinygen.ops.move import Move

_LOOPS = 5
"""Nested loops of the kernel."""


class SelectV2(Move):
    """Inputs: a condition, what is taken where it holds, and where it does not; broadcast."""

    kind = "SELECT_V2"
    arity = (3, 3)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shapes = [io.input(i).shape for i in range(3)]
        try:
            return (np.broadcast_shapes(*shapes),)
        except ValueError:
            raise UnsupportedModel(
                f"{self.kind} cannot combine the shapes {', '.join(str(list(s)) for s in shapes)}"
            ) from None

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        return io.input(1), io.input(2)

    def check(self, io: Operands) -> None:
        super().check(io)
        require.dtype(self.kind, io.input(0), DType.BOOL)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.where(self._condition(values[0], values[1]), values[1], values[2]),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:  # noqa: ARG002
        return (inputs[1].whole().union(inputs[2].whole()),)

    def kernels(self, io: Operands) -> Lowered:
        target = io.output
        words = target.dtype in (DType.INT16, DType.INT32, DType.FLOAT32)
        if not words:
            require.int8(self.kind, target)
        shapes = [io.input(i).shape for i in range(3)]
        shapes[0] = self._condition(np.empty(shapes[0]), np.empty(shapes[1])).shape
        loops = broadcast_loops(target.shape, *shapes)
        if len(loops.dims) > _LOOPS:
            raise UnsupportedModel(
                f"{self.kind} broadcasts {', '.join(str(list(s)) for s in shapes)}",
                why=f"that takes {len(loops.dims)} nested loops, the kernel has {_LOOPS}",
            )
        loops = loops.padded(_LOOPS)
        overlaps = tuple(
            Overlap(i, 0, target.nbytes)
            for i in range(int(words), 3)
            if io.input(i).elements == target.elements
        )
        call = KernelCall(
            kernel=portable("select_words" if words else "select"),
            inputs=tuple(io.input(i).id for i in range(3)),
            outputs=(target.id,),
            params={
                "dims": loops.dims,
                "condition_strides": loops.strides[0],
                "true_strides": loops.strides[1],
                "false_strides": loops.strides[2],
                **({"element_bytes": target.dtype.size} if words else {}),
            },
            overlaps=overlaps,
        )
        return (call,)

    def _condition(self, condition: Array, value: Array) -> Array:  # noqa: ARG002
        """The condition in a shape that is broadcast."""
        return condition


class Select(SelectV2):
    """Nothing is broadcast but a condition: one for all, or one for each first index."""

    kind = "SELECT"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        condition, shape, other = (io.input(i).shape for i in range(3))
        if other != shape or not (
            condition in ((), (1,), shape) or (len(condition) == 1 and condition == shape[:1])
        ):
            raise UnsupportedModel(
                f"SELECT of {list(shape)} and {list(other)} by {list(condition)}"
            )
        return (shape,)

    def _condition(self, condition: Array, value: Array) -> Array:
        if condition.ndim == 1 < value.ndim and condition.size > 1:
            return condition.reshape(-1, *(1,) * (value.ndim - 1))
        return condition
