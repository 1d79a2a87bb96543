"""ARG_MAX and ARG_MIN: where along an axis the greatest or the least code lies first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, KernelCall, Lowered, Operands, Shape, Values, portable
from tinygen.ops import require
from tinygen.ops.parse import Parsed, Parser


@dataclass(frozen=True)
class ArgMax(Parsed):
    """Inputs: a tensor, the axis."""

    kind = "ARG_MAX"
    arity = (2, 2)
    flip: ClassVar[int] = 0
    """-1 for the least: it is the greatest of all bits flipped."""
    options_type: ClassVar[Any] = tflite.ArgMaxOptions

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        parser.options(cls.options_type)
        return cls()

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shape = io.input(0).shape
        axis = self._axis(io)
        if 0 in shape:
            raise UnsupportedModel(f"{self.kind} of '{io.input(0).name}', which is empty")
        return ((*shape[:axis], *shape[axis + 1 :]),)

    def check(self, io: Operands) -> None:
        require.int8(self.kind, io.input(0))
        require.dtype(self.kind, io.output, DType.INT32)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        found = np.argmax(values[0] ^ self.flip, axis=self._axis(io))
        return (np.asarray(found, np.int32),)

    def kernels(self, io: Operands) -> Lowered:
        shape, axis = io.input(0).shape, self._axis(io)
        call = KernelCall(
            kernel=portable("arg_max"),
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "outer": math.prod(shape[:axis]),
                "size": shape[axis],
                "inner": math.prod(shape[axis + 1 :]),
                "flip": self.flip,
            },
        )
        return (call,)

    def _axis(self, io: Operands) -> int:
        return require.one_axis(self.kind, io, 1, len(io.input(0).shape))


class ArgMin(ArgMax):
    kind = "ARG_MIN"
    flip = -1
    options_type = tflite.ArgMinOptions
