"""QUANTIZE: real values to codes at the model's edge, or codes to those of another quantization."""

from __future__ import annotations

import numpy as np

from tinygen.ir import (
    Alias,
    Array,
    DType,
    Given,
    Interval,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Tensor,
    Values,
    portable,
    quantize,
)
from tinygen.ops import require
from tinygen.ops.fixed_point import (
    multiply_by_quantized_multiplier,
    quantize_multiplier,
    wrap_int32,
)
from tinygen.ops.lookup import lookup_call
from tinygen.ops.parse import Parsed

_MADE_OF = {
    DType.FLOAT32: (DType.INT8, DType.INT16),
    DType.INT8: (DType.INT8, DType.UINT8, DType.INT16, DType.INT32),
    DType.UINT8: (DType.INT8,),
    DType.INT16: (DType.INT8, DType.INT16, DType.INT32),
    DType.INT32: (DType.INT8, DType.INT16),
}
"""What TFLM's kernel makes of a type, among those that models have."""


class Quantize(Parsed):
    kind = "QUANTIZE"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        (value,), target = values, io.output.q
        if io.input(0).dtype is DType.FLOAT32:
            return (quantize(value, target.scale, target.zero_point, io.output.dtype),)
        return (self._rescaled(io, value),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if io.input(0).dtype is not DType.INT8:
            return super().ranges(io, inputs)
        return (inputs[0].through(lambda codes: self._rescaled(io, codes)),)

    def _rescaled(self, io: Operands, codes: Array) -> Array:
        source, target = io.input(0).q, io.output.q
        multiplier, shift = quantize_multiplier(source.scale / target.scale)
        centred = wrap_int32(codes.astype(np.int64) - source.zero_point)
        scaled = multiply_by_quantized_multiplier(centred, multiplier, shift)
        made, steps = io.output.dtype, wrap_int32(scaled + target.zero_point)
        return np.clip(steps, made.low, made.high).astype(made.numpy)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        if source.dtype is DType.FLOAT32:
            return (
                KernelCall(
                    kernel=portable("quantize"),
                    inputs=(source.id,),
                    outputs=(target.id,),
                    params={
                        "count": target.elements,
                        "scale": target.q.scale,
                        "zero_point": target.q.zero_point,
                        "output_bytes": target.dtype.size,
                    },
                ),
            )
        if source.dtype is target.dtype and require.same(source.q, target.q):
            return (Alias(source.id, target.id),)
        if max(source.dtype.size, target.dtype.size) > 1:
            return (self._wide(source, target),)
        return (lookup_call(source, target, lambda v: self._rescaled(io, v)),)

    def _wide(self, source: Tensor, target: Tensor) -> KernelCall:
        """Where one of both is no byte; of bytes a table has all there is."""
        multiplier, shift = quantize_multiplier(source.q.scale / target.q.scale)
        return KernelCall(
            kernel=portable("requantize"),
            inputs=(source.id,),
            outputs=(target.id,),
            params={
                "count": target.elements,
                "input_bytes": source.dtype.size,
                "output_bytes": target.dtype.size,
                "input_zero_point": source.q.zero_point,
                "output_zero_point": target.q.zero_point,
                "multiplier": multiplier,
                "shift": shift,
            },
        )

    def check(self, io: Operands) -> None:
        source, target = io.input(0), io.output
        require.dtype(self.kind, source, *_MADE_OF)
        require.dtype(self.kind, target, *_MADE_OF[source.dtype])
        for tensor in (source, target):
            if tensor.dtype is not DType.FLOAT32:
                require.per_tensor(self.kind, tensor)
