"""CAST: numbers as another type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Tensor,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.parse import Parsed, Parser

_COMPILED = (DType.BOOL, DType.INT8, DType.INT16, DType.INT32, DType.FLOAT32)
"""In the kernel's order."""

_TYPE_NAMES = {
    number: name.lower()
    for name, number in vars(tflite.TensorType).items()
    if isinstance(number, int)
}
"""The schema's element types by their numbers."""


def declared(kind: str, field: str, number: int, tensor: Tensor) -> None:
    """An attribute that repeats a tensor's type is that; 0, which files leave out, says nothing."""
    said = _TYPE_NAMES.get(number, f"type {number}")
    if number and said != tensor.dtype.value:
        raise UnsupportedModel(
            f"{kind} says {field} {said}, but '{tensor.name}' is {tensor.dtype.value}",
            why="runtimes differ in which of the two they believe",
            next_step="convert the model again",
        )


@dataclass(frozen=True)
class Cast(Parsed):
    """Another element type, as C converts. What is no number becomes 0; a real number beyond an
    integer type, which no runtime defines, becomes the nearest there is. The types are the
    schema's numbers, 0 where the file does not say them here too."""

    in_type: int = 0
    out_type: int = 0
    kind = "CAST"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.CastOptions)
        return cls(int(options.InDataType()), int(options.OutDataType()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def check(self, io: Operands) -> None:
        declared(self.kind, "in_data_type", self.in_type, io.input(0))
        declared(self.kind, "out_data_type", self.out_type, io.output)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        (value,), target = values, io.output.dtype
        if io.input(0).dtype is DType.FLOAT32 and target.integer and target is not DType.BOOL:
            whole = np.trunc(np.where(np.isnan(value), 0, value).astype(np.float64))
            inside = np.clip(whole, target.low, _below(target))
            return (inside.astype(target.numpy),)
        return (value.astype(target.numpy),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        for tensor in (source, target):
            require.dtype(self.kind, tensor, *_COMPILED)
        call = KernelCall(
            kernel=portable("cast"),
            inputs=(source.id,),
            outputs=(target.id,),
            params={
                "count": target.elements,
                "from": _COMPILED.index(source.dtype),
                "to": _COMPILED.index(target.dtype),
            },
        )
        return (call,)


def _below(dtype: DType) -> float:
    """The greatest float64 that is none above the type's greatest value."""
    high = float(dtype.high)
    return high if int(high) == dtype.high else float(np.nextafter(high, 0))
