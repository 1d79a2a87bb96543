"""QUANTIZE: float32 to int8 at the model's edge, or int8 from one quantization to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from tinygen.ir import Alias, Array, DType, KernelCall, Lowered, Operands, Shape, Tensor, portable
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from tinygen.ops.lookup import lookup_call
from tinygen.ops.parse import Parsed, Parser


@dataclass(frozen=True)
class Quantize(Parsed):
    kind: ClassVar[str] = "QUANTIZE"

    @classmethod
    def parse(cls, parser: Parser) -> Self:  # noqa: ARG003
        return cls()

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        return (Operands(tuple(inputs), ()).input(0).shape,)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        self._check(io)
        (value,) = values
        assert value is not None
        if io.input(0).dtype is DType.FLOAT32:
            return (quantize_float32(value, io.output.q.scale, io.output.q.zero_point),)
        source, target = io.input(0).q, io.output.q
        multiplier, shift = quantize_multiplier(source.scale / target.scale)
        scaled = multiply_by_quantized_multiplier(
            value.astype(np.int64) - source.zero_point, multiplier, shift
        )
        return (np.clip(scaled + target.zero_point, INT8_MIN, INT8_MAX).astype(np.int8),)

    def lower(self, io: Operands) -> Lowered:
        self._check(io)
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
                    },
                ),
            )
        if require.same(source.q, target.q):
            return (Alias(source.id, target.id),)
        return (lookup_call(source, target, lambda v: self.reference(io, (v,))[0]),)

    def _check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), DType.FLOAT32, DType.INT8)
        require.int8(self.kind, io.output)


def quantize_float32(value: Array, scale: float, zero_point: int) -> Array:
    """int8 codes of float32 values: float32 division, halves rounded away from zero, clamped.

    A NaN becomes the zero point; TFLM leaves it undefined, as it does for ratios past int32.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = (value.astype(np.float32) / np.float32(scale)).astype(np.float64)
    ratio = np.clip(np.nan_to_num(ratio, nan=0.0), -256.0, 256.0)
    rounded = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio).astype(np.int64)
    return np.clip(rounded + zero_point, INT8_MIN, INT8_MAX).astype(np.int8)
