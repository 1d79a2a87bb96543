"""DEQUANTIZE: codes to float32, at the model's edge mostly."""

from __future__ import annotations

from tinygen.ir import (
    Array,
    DType,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Values,
    dequantize,
    portable,
)
from tinygen.ops import require
from tinygen.ops.parse import Parsed

_CODES = (DType.INT8, DType.UINT8, DType.INT16)
"""In the kernel's order."""


class Dequantize(Parsed):
    kind = "DEQUANTIZE"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        (value,) = values
        quant = io.input(0).q
        # One rounding, as in double arithmetic: the product of two float32 is exact in a double.
        return (dequantize(value, quant.scale, quant.zero_point),)

    def kernels(self, io: Operands) -> Lowered:
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
                    "type": _CODES.index(source.dtype),
                },
            ),
        )

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), *_CODES)
        require.per_tensor(self.kind, io.input(0))
        require.dtype(self.kind, io.output, DType.FLOAT32)
