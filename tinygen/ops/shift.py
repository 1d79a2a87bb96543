"""A tensor that goes on at another place of the arena. No file holds this operator: the engine puts
it where that makes room."""

from __future__ import annotations

from tinygen.ir import Array, KernelCall, Lowered, Operands, Overlap, Shape, Values, portable
from tinygen.ops.move import Move


class Shift(Move):
    kind = "SHIFT"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (values[0].copy(),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        return (
            KernelCall(
                kernel=portable("move"),
                inputs=(source.id,),
                outputs=(target.id,),
                params={"count": target.nbytes},
                overlaps=(Overlap(0, 0, target.nbytes, free=True),),
            ),
        )
