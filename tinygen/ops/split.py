"""SPLIT and SPLIT_V: a tensor cut along an axis, into equal parts or parts of given sizes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from itertools import accumulate
from typing import ClassVar, Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Given, Interval, Lowered, Operands, Shape, Tensor, Values
from tinygen.ops import require
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser


@dataclass(frozen=True)
class _Cut(Move):
    """One output for each part, in order."""

    count: int | None = None
    """How many parts, as a file says it beside its outputs."""

    whole: ClassVar[int]
    """Which input is cut."""
    axis_input: ClassVar[int]
    """Which input names the axis."""

    @abstractmethod
    def sizes(self, io: Operands, size: int) -> tuple[int, ...]:
        """How much each output takes of a dimension of this size."""

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        require.count(self.kind, self.count, len(io.outputs))
        source, axis = io.input(self.whole), self._axis(io)
        return tuple(
            (*source.shape[:axis], size, *source.shape[axis + 1 :])
            for size in self.sizes(io, source.shape[axis])
        )

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        return (io.input(self.whole),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        ends = self._ends(io)[:-1]
        return tuple(
            part.copy() for part in np.split(values[self.whole], ends, axis=self._axis(io))
        )

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        source, found = io.input(self.whole), inputs[self.whole]
        if self._axis(io) != len(source.shape) - 1:
            return (found,) * len(io.outputs)
        every = found.channels(source.shape[-1])
        ends = self._ends(io)
        return tuple(
            Interval(every.low[start:end], every.high[start:end])
            for start, end in zip((0, *ends), ends, strict=False)
        )

    def kernels(self, io: Operands) -> Lowered:
        source, axis = io.input(self.whole), self._axis(io)
        steps = row_major(source.shape)
        starts = (0, *self._ends(io))
        return tuple(
            copy_call(
                self.kind,
                source,
                target,
                Loops(target.shape, (steps, row_major(target.shape))),
                (start * steps[axis], 0),
            )
            for target, start in zip(io.outputs, starts, strict=False)
            if target.elements
        )

    def _axis(self, io: Operands) -> int:
        return require.one_axis(self.kind, io, self.axis_input, len(io.input(self.whole).shape))

    def _ends(self, io: Operands) -> tuple[int, ...]:
        size = io.input(self.whole).shape[self._axis(io)]
        return tuple(accumulate(self.sizes(io, size)))


class Split(_Cut):
    """Inputs: the axis, the tensor."""

    kind = "SPLIT"
    arity = (2, 2)
    whole = 1
    axis_input = 0

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        return cls(int(parser.options(tflite.SplitOptions).NumSplits()))

    def sizes(self, io: Operands, size: int) -> tuple[int, ...]:
        count = len(io.outputs)
        if size % count:
            raise UnsupportedModel(
                f"SPLIT of '{io.input(1).name}' {list(io.input(1).shape)} into {count} equal parts"
            )
        return (size // count,) * count


class SplitV(_Cut):
    """Inputs: the tensor, the size of each part (one may be -1, the rest), the axis."""

    kind = "SPLIT_V"
    arity = (3, 3)
    whole = 0
    axis_input = 2

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        return cls(int(parser.options(tflite.SplitVOptions).NumSplits()))

    def sizes(self, io: Operands, size: int) -> tuple[int, ...]:
        told = [int(part) for part in io.integers(1).reshape(-1)]
        left = size - sum(part for part in told if part != -1)
        parts = tuple(left if part == -1 else part for part in told)
        if min(parts, default=-1) < 0 or sum(parts) != size or told.count(-1) > 1:
            raise UnsupportedModel(
                f"SPLIT_V of '{io.input(0).name}' {list(io.input(0).shape)} into {told}"
            )
        if len(parts) != len(io.outputs):
            raise UnsupportedModel(f"SPLIT_V into {len(parts)} parts has {len(io.outputs)} outputs")
        return parts
