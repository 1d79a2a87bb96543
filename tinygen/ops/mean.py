"""MEAN: the mean over any axes, rescaled to the output's quantization."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    Given,
    Interval,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.activation import INT8_MAX, INT8_MIN
from tinygen.ops.fixed_point import Int64, quantize_multiplier
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.orders import in_loops
from tinygen.ops.parse import Parsed, Parser
from tinygen.ops.weighted import Requantization, int8_quant

_LEVELS = 3
"""Loops over kept and over reduced dimensions that the kernel has: enough for rank 6."""


@dataclass(frozen=True)
class Mean(Parsed):
    """input of any shape, axes int32 (negative ones count from the end)."""

    keep_dims: bool = False

    kind = "MEAN"
    arity = (2, 2)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.ReducerOptions)
        return cls(keep_dims=bool(options.KeepDims()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        source, axes = io.input(0), io.optional(1)
        if axes is None or axes.data is None:
            raise UnsupportedModel(f"the axes of {self.kind} have to be a constant")
        if source.elements == 0:
            raise UnsupportedModel(f"{self.kind} of '{source.name}', which is empty")
        reduced = _axes(io.integers(1), len(source.shape))
        if self.keep_dims:
            return (tuple(1 if i in reduced else d for i, d in enumerate(source.shape)),)
        return (tuple(d for i, d in enumerate(source.shape) if i not in reduced),)

    def check(self, io: Operands) -> None:
        int8_quant(io.input(0), self.kind)
        int8_quant(io.output, self.kind)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        scale = self._requantization(io, self._count(io))
        return (scale.apply(self.sums(io, values)).reshape(io.output.shape),)

    def sums(self, io: Operands, values: Values) -> Int64:
        axes = tuple(sorted(self._axes(io)))
        total = values[0].astype(np.int64).sum(axis=axes)
        return np.asarray(total - self._count(io) * io.input(0).q.zero_point)

    def accumulators(self, io: Operands, inputs: Given[Interval]) -> Interval:
        source, count = inputs[0], self._count(io)
        if len(io.input(0).shape) - 1 in self._axes(io):
            source = source.whole()
        zero_point = io.input(0).q.zero_point
        return Interval.of(count * (source.low - zero_point), count * (source.high - zero_point))

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        scale = self._requantization(io, self._count(io))
        return (scale.interval(self.accumulators(io, inputs)),)

    def kernels(self, io: Operands) -> Lowered:
        source = io.input(0)
        reduced = self._axes(io)
        kept_loops, reduced_loops = _loops(source.shape, reduced)
        scale = self._requantization(io, self._count(io))
        sizes, steps = (tuple(column) for column in zip(*kept_loops, strict=True))
        order = in_loops(Loops(sizes, (steps, row_major(sizes))), reads_first=True)
        call = KernelCall(
            kernel=portable("mean"),
            inputs=(source.id,),
            outputs=(io.output.id,),
            params={
                "kept_size": tuple(size for size, _ in kept_loops),
                "kept_stride": tuple(stride for _, stride in kept_loops),
                "reduced_size": tuple(size for size, _ in reduced_loops),
                "reduced_stride": tuple(stride for _, stride in reduced_loops),
                "input_zero_point": source.q.zero_point,
                "multiplier": int(scale.multiplier),
                "shift": int(scale.shift),
                "output_zero_point": scale.zero_point,
            },
            overlaps=order.overlaps(io.output.nbytes),
        )
        return (call,)

    def _axes(self, io: Operands) -> frozenset[int]:
        return _axes(io.integers(1), len(io.input(0).shape))

    def _count(self, io: Operands) -> int:
        """Elements of each mean."""
        shape = io.input(0).shape
        return math.prod(shape[axis] for axis in self._axes(io))

    def _requantization(self, io: Operands, count: int) -> Requantization:
        source, output = io.input(0).q, io.output.q
        multiplier, shift = quantize_multiplier(source.scale / output.scale)
        # 1 / count goes into the multiplier, with as many more bits as count has.
        extra = min(count.bit_length() - 1, 32, 31 + shift)
        return Requantization(
            np.array((multiplier << extra) // count, np.int32),
            np.array(shift - extra, np.int8),
            output.zero_point,
            INT8_MIN,
            INT8_MAX,
        )


def _axes(axes: Array, rank: int) -> frozenset[int]:
    return frozenset(require.axis(Mean.kind, int(axis), rank) for axis in axes.reshape(-1))


_Loops = list[tuple[int, int]]


def _loops(shape: Shape, reduced: frozenset[int]) -> tuple[_Loops, _Loops]:
    """(size, stride in elements) of the loops over kept and over reduced dimensions, outermost
    first; neighbours of the same sort are one loop, and loops of size 1 fill up in front."""
    loops: list[tuple[bool, int, int]] = []
    stride = 1
    for axis in reversed(range(len(shape))):
        size = shape[axis]
        if size > 1:
            if loops and loops[-1][0] == (axis in reduced):
                sort, inner, step = loops.pop()
                loops.append((sort, inner * size, step))
            else:
                loops.append((axis in reduced, size, stride))
        stride *= size
    loops.reverse()
    kept = [(size, step) for sort, size, step in loops if not sort]
    gone = [(size, step) for sort, size, step in loops if sort]
    if max(len(kept), len(gone)) > _LEVELS:
        raise UnsupportedModel(f"MEAN over interleaved axes of a tensor of {len(shape)} dimensions")
    return [(1, 0)] * (_LEVELS - len(kept)) + kept, [(1, 0)] * (_LEVELS - len(gone)) + gone
