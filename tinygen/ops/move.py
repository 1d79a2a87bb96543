"""What all operators share that move codes from place to place and compute nothing."""

from __future__ import annotations

import functools

from tinygen.ir import Given, Interval, Operands, Tensor
from tinygen.ops import require
from tinygen.ops.parse import Parsed


class Move(Parsed):
    """Codes are copied as they are, so that they keep their meaning only where the output has the
    type and the quantization of what is moved. Runtimes do not ask; some would rescale."""

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        """The inputs whose elements reach the output."""
        return (io.input(0),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        """Whatever moved may be anywhere."""
        moved = [inputs[io.inputs.index(tensor)].whole() for tensor in self.moved(io)]
        return (functools.reduce(Interval.union, moved),) * len(io.outputs)

    def check(self, io: Operands) -> None:
        for source in self.moved(io):
            for target in io.outputs:
                require.same_meaning(self.kind, source, target)
