"""L2_NORMALIZATION: each row divided by the root of the sum of its squares, to a scale of 1/128."""

from __future__ import annotations

from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, KernelCall, Lowered, Operands, Overlap, Shape, Values, portable
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN, Activation
from tinygen.ops.fixed_point import multiply_by_quantized_multiplier
from tinygen.ops.inverse_sqrt import inverse_sqrt
from tinygen.ops.parse import Parsed, Parser

_BITS = 7
"""Of the output's fraction."""
_DEEPEST = (1 << 31) // 255**2
"""Elements whose squares' sum is within int32."""


class L2Normalization(Parsed):
    kind = "L2_NORMALIZATION"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        code = parser.options(tflite.L2NormOptions).FusedActivationFunction()
        if Activation.parse(code, parser.kind) is not Activation.NONE:
            raise UnsupportedModel("L2_NORMALIZATION with a fused activation is not compiled")
        return cls()

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shape = io.input(0).shape
        if not shape or shape[-1] > _DEEPEST:
            raise UnsupportedModel(f"L2_NORMALIZATION of {list(shape)}")
        return (shape,)

    def check(self, io: Operands) -> None:
        require.int8(self.kind, io.input(0), io.output)
        require.fixed_quant(self.kind, io.output, 1.0 / (1 << _BITS), 0)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        value = values[0].astype(np.int64) - io.input(0).q.zero_point
        multiplier, shift = inverse_sqrt((value * value).sum(axis=-1, keepdims=True))
        scaled = multiply_by_quantized_multiplier(value, multiplier, shift + _BITS)
        return (np.clip(scaled, INT8_MIN, INT8_MAX).astype(np.int8),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        depth = source.shape[-1]
        call = KernelCall(
            kernel=portable("l2_normalization"),
            inputs=(source.id,),
            outputs=(target.id,),
            params={
                "rows": source.elements // depth,
                "depth": depth,
                "zero_point": source.q.zero_point,
            },
            overlaps=(Overlap(0, 0, target.nbytes),),
        )
        return (call,)
