"""CONCATENATION along any axis: each input is copied into its place in the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Lowered, Operands, Shape, Tensor
from tinygen.ops import require
from tinygen.ops.activation import Activation
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.parse import Parsed, Parser


@dataclass(frozen=True)
class Concatenation(Parsed):
    axis: int
    """May count from the back."""

    kind: ClassVar[str] = "CONCATENATION"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.ConcatenationOptions)
        code = options.FusedActivationFunction() if options else 0
        if Activation.parse(code, parser.kind) is not Activation.NONE:
            raise UnsupportedModel("CONCATENATION with a fused activation is not compiled")
        return cls(int(options.Axis()) if options else 0)

    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        tensors = _present(inputs)
        first = tensors[0].shape
        axis = require.axis(self.kind, self.axis, len(first))
        around = (first[:axis], first[axis + 1 :])
        if any((t.shape[:axis], t.shape[axis + 1 :]) != around for t in tensors):
            shapes = ", ".join(str(list(t.shape)) for t in tensors)
            raise UnsupportedModel(f"CONCATENATION cannot join {shapes} along axis {axis}")
        return ((*around[0], sum(t.shape[axis] for t in tensors), *around[1]),)

    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        self._check(io)
        axis = require.axis(self.kind, self.axis, len(io.output.shape))
        return (np.concatenate([v for v in values if v is not None], axis=axis),)

    def lower(self, io: Operands) -> Lowered:
        self._check(io)
        axis = require.axis(self.kind, self.axis, len(io.output.shape))
        steps = row_major(io.output.shape)
        calls = []
        position = 0
        for source in _present(io.inputs):
            loops = Loops(source.shape, (row_major(source.shape), steps))
            calls.append(copy_call(self.kind, source, io.output, loops, (0, position)))
            position += source.shape[axis] * steps[axis]
        return tuple(calls)

    def _check(self, io: Operands) -> None:
        for source in _present(io.inputs):
            require.dtype(self.kind, source, io.output.dtype)
            if io.output.dtype is DType.INT8:
                require.same_quant(self.kind, source, io.output)


def _present(inputs: Sequence[Tensor | None]) -> list[Tensor]:
    tensors = [t for t in inputs if t is not None]
    if not tensors or len(tensors) != len(inputs):
        raise UnsupportedModel("CONCATENATION with a missing input")
    return tensors
