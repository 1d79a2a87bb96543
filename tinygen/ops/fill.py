"""FILL and ZEROS_LIKE: one number over a whole shape."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, KernelCall, Lowered, Operands, Shape, Tensor, Values, portable
from tinygen.ops import require
from tinygen.ops.parse import Parsed


class Fill(Parsed):
    """Inputs: the shape, which is constant in what converters write, and the number."""

    kind = "FILL"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(0).constant:
            return (io.output.shape,)
        shape = tuple(int(d) for d in io.integers(0).reshape(-1))
        if any(d < 0 for d in shape):
            raise UnsupportedModel(f"FILL of the shape {list(shape)}")
        return (shape,)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(1), io.output.dtype)
        if io.input(1).shape:
            raise UnsupportedModel(f"FILL with '{io.input(1).name}', which is not one number")

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        value = values[1]
        return (np.full(io.output.shape, value.reshape(()), dtype=value.dtype),)

    def kernels(self, io: Operands) -> Lowered:
        io.constant(0)
        require.same_meaning(self.kind, io.input(1), io.output)
        return (fill_with(io.input(1), io.output),)


def fill_with(number: Tensor, target: Tensor) -> KernelCall:
    """The kernel call that sets every element to the one of `number`, which may be data."""
    return KernelCall(
        kernel=portable("fill_with"),
        inputs=(number.id,),
        outputs=(target.id,),
        params={"count": target.elements, "element_bytes": target.dtype.size},
    )


class ZerosLike(Parsed):
    """Zeros in the shape of another tensor, known whatever that one holds. Of int8 it is the code
    zero, as runtimes have it, not the code of real zero."""

    kind = "ZEROS_LIKE"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), io.output.dtype)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.zeros(io.output.shape, io.output.dtype.numpy),)

    def foldable(self, io: Operands) -> bool:  # noqa: ARG002
        return True
