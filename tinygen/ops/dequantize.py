"""DEQUANTIZE: int8 codes to float32 at the model's edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from tinygen.ir import Array, DType, KernelCall, Lowered, Operands, Shape, Tensor, portable
from tinygen.ops import require
from tinygen.ops.parse import Parsed, Parser


@dataclass(frozen=True)
class Dequantize(Parsed):
    kind: ClassVar[str] = "DEQUANTIZE"

    @classmethod
    def parse(cls, parser: Parser) -> Self:  # noqa: ARG003
        return cls()

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        return (Operands(tuple(inputs), ()).input(0).shape,)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        self._check(io)
        (value,) = values
        assert value is not None
        quant = io.input(0).q
        # One rounding, as in double arithmetic: the product of two float32 is exact in a double.
        steps = (value.astype(np.int32) - quant.zero_point).astype(np.float32)
        return (np.float32(quant.scale) * steps,)

    def lower(self, io: Operands) -> Lowered:
        self._check(io)
        source, target = io.input(0), io.output
        return (
            KernelCall(
                kernel=portable("dequantize"),
                inputs=(source.id,),
                outputs=(target.id,),
                params={
                    "count": target.elements,
                    "scale": source.q.scale,
                    "zero_point": source.q.zero_point,
                },
            ),
        )

    def _check(self, io: Operands) -> None:
        require.int8(self.kind, io.input(0))
        require.dtype(self.kind, io.output, DType.FLOAT32)
