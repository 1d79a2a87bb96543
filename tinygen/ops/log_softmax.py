"""LOG_SOFTMAX over the last axis on int8, the output always scale 1/16 and zero point 127."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    Constant,
    KernelCall,
    Lowered,
    Operands,
    Overlap,
    Shape,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.classes import INPUT_BITS, SUM_BITS, check_classes, differences
from tinygen.ops.fixed_functions import (
    exp_on_negative_values,
    input_multiplier,
    log_from_one_on,
)
from tinygen.ops.fixed_point import (
    INT32_MAX,
    INT32_MIN,
    Int64,
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    rounding_divide_by_pot,
)
from tinygen.ops.parse import Parsed

_OUTPUT_SHIFT = 31 - INPUT_BITS - 4
"""From Q5 to steps of 1/16."""


class LogSoftmax(Parsed):
    kind = "LOG_SOFTMAX"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def check(self, io: Operands) -> None:
        source, target = io.input(0), io.output
        require.int8(self.kind, source, target)
        require.fixed_quant(self.kind, target, 1 / 16, INT8_MAX)
        check_classes(self.kind, source)
        self._multiplier(io)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        (value,) = values
        scaled = self._scaled(io)
        below = np.max(value, axis=-1, keepdims=True).astype(np.int64) - value
        near = np.minimum(below, len(scaled) - 1)
        exps = rounding_divide_by_pot(exp_on_negative_values(scaled, INPUT_BITS), SUM_BITS)
        total = np.where(below < len(scaled), exps[near], 0).sum(axis=-1, keepdims=True)
        logarithm = log_from_one_on(total, SUM_BITS, INPUT_BITS)

        lowest = multiply_by_quantized_multiplier(logarithm + INT32_MIN, *self._inverse(io))
        counted = -below > np.maximum(lowest, -len(scaled))
        steps = rounding_divide_by_pot(scaled[near] - logarithm, _OUTPUT_SHIFT) + INT8_MAX
        codes = np.clip(steps, INT8_MIN, INT8_MAX)
        return (np.where(counted, codes, INT8_MIN).astype(np.int8),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        depth = source.shape[-1]
        scaled = self._scaled(io)
        exps = rounding_divide_by_pot(exp_on_negative_values(scaled, INPUT_BITS), SUM_BITS)
        multiplier, shift = self._inverse(io)
        call = KernelCall(
            kernel=portable("log_softmax"),
            inputs=(source.id,),
            outputs=(target.id,),
            params={
                "rows": source.elements // depth,
                "depth": depth,
                "table_length": len(scaled),
                "multiplier": multiplier,
                "shift": shift,
            },
            constants={
                "differences": Constant(scaled.astype(np.int32)),
                "exps": Constant(exps.astype(np.int32)),
            },
            overlaps=(Overlap(0, 0, target.nbytes),),
        )
        return (call,)

    def _scaled(self, io: Operands) -> Int64:
        """Entry i is -i * scale in Q5; what is farther below the maximum does not count."""
        return differences(*self._multiplier(io))

    def _multiplier(self, io: Operands) -> tuple[int, int]:
        source = io.input(0)
        real = source.q.scale * (1 << (31 - INPUT_BITS))
        if real <= 1.0:
            raise UnsupportedModel(
                f"LOG_SOFTMAX of '{source.name}' with scale {source.q.scale:g}",
                why="it is too small for its fixed-point arithmetic",
            )
        return input_multiplier(min(real, float(INT32_MAX)))

    def _inverse(self, io: Operands) -> tuple[int, int]:
        """(multiplier, shift) from Q5 to codes."""
        multiplier, shift = self._multiplier(io)
        return quantize_multiplier((1 << (31 - shift)) / multiplier)
