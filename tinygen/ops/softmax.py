"""SOFTMAX over the last axis; of int8 the output has always scale 1/256 and zero point -128, or in
int16 1/65536 and -32768."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    Constant,
    DType,
    KernelCall,
    Lowered,
    Operands,
    Overlap,
    Shape,
    Tensor,
    Values,
    portable,
)
from tinygen.ops import require, softmax_int16
from tinygen.ops.activation import INT8_MIN
from tinygen.ops.classes import INPUT_BITS, SUM_BITS, check_classes, differences
from tinygen.ops.fixed_functions import (
    exp_on_negative_values,
    input_multiplier,
    one_over_one_plus_x,
)
from tinygen.ops.fixed_point import INT32_MAX, Int64, rounding_divide_by_pot
from tinygen.ops.fixed_point import saturating_rounding_doubling_high_mul as high_mul
from tinygen.ops.parse import Parsed, Parser


@dataclass(frozen=True)
class Softmax(Parsed):
    beta: float
    """Factor of the inputs, a float32 value."""

    kind = "SOFTMAX"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.SoftmaxOptions)
        return cls(require.finite(cls.kind, "beta", float(options.Beta())))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        (value,) = values
        if io.input(0).dtype is DType.INT16:
            return (softmax_int16.compute(io, self.beta, value),)
        made = io.output.dtype
        table = self._table(io)
        below = np.max(value, axis=-1, keepdims=True).astype(np.int64) - value
        counted = below < len(table)
        exps: Int64 = np.where(counted, table[np.minimum(below, len(table) - 1)], 0)
        total = rounding_divide_by_pot(exps, SUM_BITS).sum(axis=-1, keepdims=True)

        # total = (1 + fraction) * 2**(bits - 1): its reciprocal is found for 1 + fraction.
        bits = np.floor(np.log2(total.astype(np.float64))).astype(np.int64) + 1
        reciprocal = one_over_one_plus_x((total << (32 - bits)) - (1 << 31))
        # Ever smaller shares: past a shift of 31 nothing is left.
        shift = SUM_BITS - (32 - bits) + 31 - 8 * made.size
        share = rounding_divide_by_pot(high_mul(exps, reciprocal), np.minimum(shift, 31))
        codes = np.clip(np.where(shift > 31, 0, share) + made.low, made.low, made.high)
        return (np.where(counted, codes, made.low).astype(made.numpy),)

    def kernels(self, io: Operands) -> Lowered:
        if io.input(0).dtype is DType.INT16:
            return (softmax_int16.call(io, self.beta),)
        source, target = io.input(0), io.output
        wide = target.dtype is DType.INT16
        depth = source.shape[-1]
        table = self._table(io).astype(np.int32)
        return (
            KernelCall(
                kernel=portable("softmax_to_int16" if wide else "softmax"),
                inputs=(source.id,),
                outputs=(target.id,),
                params={
                    "rows": source.elements // depth,
                    "depth": depth,
                    "table_length": len(table),
                },
                constants={"table": Constant(table)},
                overlaps=() if wide else (Overlap(0, 0, target.nbytes),),
            ),
        )

    def _table(self, io: Operands) -> Int64:
        """Entry i is exp(-i * scale * beta) in Q0; further ones do not count."""
        return exp_on_negative_values(differences(*self._multiplier(io.input(0))), INPUT_BITS)

    def _multiplier(self, source: Tensor) -> tuple[int, int]:
        real = self.beta * source.q.scale * (1 << (31 - INPUT_BITS))
        if real <= 1.0:
            raise UnsupportedModel(
                f"SOFTMAX of '{source.name}' with scale {source.q.scale:g} and beta {self.beta:g}",
                why="their product is too small for its fixed-point arithmetic",
            )
        return input_multiplier(min(real, float(INT32_MAX)))

    def check(self, io: Operands) -> None:
        source, target = io.input(0), io.output
        if source.dtype is DType.INT16:
            require.activations(self.kind, source, target)
            softmax_int16.check(io)
            return
        require.int8(self.kind, source)
        require.dtype(self.kind, target, DType.INT8, DType.INT16)
        if target.dtype is DType.INT16:
            require.share_of_65536(self.kind, target)
        else:
            require.fixed_quant(self.kind, target, 1 / 256, INT8_MIN)
        check_classes(self.kind, source)
