"""What all operators share that move codes from place to place and compute nothing."""

from __future__ import annotations

from tinygen.ir import Operands, Tensor
from tinygen.ops import require
from tinygen.ops.parse import Parsed


class Move(Parsed):
    """Codes are copied as they are, so that they keep their meaning only where the output has the
    type and the quantization of what is moved. Runtimes do not ask; some would rescale."""

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        """The inputs whose elements reach the output."""
        return (io.input(0),)

    def check(self, io: Operands) -> None:
        for source in self.moved(io):
            for target in io.outputs:
                require.same_meaning(self.kind, source, target)
