"""PACK and UNPACK: tensors stacked along a new axis, and a tensor taken apart along one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Lowered, Operands, Shape, Tensor, Values
from tinygen.ops import require
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser


@dataclass(frozen=True)
class Pack(Move):
    axis: int
    """Of the output; may count from the back."""
    count: int | None = None
    """How many inputs, as a file says it beside them."""

    kind = "PACK"
    arity = (1, None)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.PackOptions)
        return cls(int(options.Axis()), int(options.ValuesCount()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        require.count(self.kind, self.count, len(io.inputs))
        shape = io.input(0).shape
        if any(t.shape != shape for t in io.every_input):
            raise UnsupportedModel("PACK of tensors with different shapes")
        axis = require.axis(self.kind, self.axis, len(shape) + 1)
        return ((*shape[:axis], len(io.inputs), *shape[axis:]),)

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        return io.every_input

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return (np.stack(list(values), axis=self.axis),)

    def kernels(self, io: Operands) -> Lowered:
        target = io.output
        axis = require.axis(self.kind, self.axis, len(target.shape))
        steps = row_major(target.shape)
        around = (*steps[:axis], *steps[axis + 1 :])
        return tuple(
            copy_call(
                self.kind,
                source,
                target,
                Loops(source.shape, (row_major(source.shape), around)),
                (0, position * steps[axis]),
            )
            for position, source in enumerate(io.every_input)
        )


@dataclass(frozen=True)
class Unpack(Move):
    axis: int
    """May count from the back."""
    count: int | None = None
    """How many outputs, as a file says it beside them."""

    kind = "UNPACK"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.UnpackOptions)
        return cls(int(options.Axis()), int(options.Num()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shape = io.input(0).shape
        axis = require.axis(self.kind, self.axis, len(shape))
        count = len(io.outputs)
        require.count(self.kind, self.count, count)
        if shape[axis] != count:
            raise UnsupportedModel(f"UNPACK of {list(shape)} into {count} tensors")
        return ((*shape[:axis], *shape[axis + 1 :]),) * count

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        return tuple(np.moveaxis(values[0], self.axis, 0).copy())

    def kernels(self, io: Operands) -> Lowered:
        source = io.input(0)
        axis = require.axis(self.kind, self.axis, len(source.shape))
        steps = row_major(source.shape)
        around = (*steps[:axis], *steps[axis + 1 :])
        return tuple(
            copy_call(
                self.kind,
                source,
                target,
                Loops(target.shape, (around, row_major(target.shape))),
                (position * steps[axis], 0),
            )
            for position, target in enumerate(io.outputs)
        )
