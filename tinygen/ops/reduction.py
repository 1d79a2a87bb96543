"""What operators share that make one number of many along some axes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Given,
    Interval,
    Kernel,
    KernelCall,
    Operands,
    ParamValue,
    Shape,
)
from tinygen.ops import require
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.orders import in_loops
from tinygen.ops.parse import Parsed, Parser

_LEVELS = 3
"""Loops over kept and over reduced dimensions that the kernels have: enough for rank 6."""


@dataclass(frozen=True)
class Images:
    """A reduction over the pixels of images, for each channel."""

    count: int
    pixels: int
    """Of each image."""
    channels: int

    def params(self) -> dict[str, ParamValue]:
        """As kernels have them."""
        return {"images": self.count, "pixels": self.pixels, "channels": self.channels}


@dataclass(frozen=True)
class Reduction(Parsed):
    """Inputs: a tensor of any shape, constant axes (negative ones count from the end)."""

    keep_dims: bool = False

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
        reduced = self.axes(io)
        if self.keep_dims:
            return (tuple(1 if i in reduced else d for i, d in enumerate(source.shape)),)
        return (tuple(d for i, d in enumerate(source.shape) if i not in reduced),)

    def axes(self, io: Operands) -> frozenset[int]:
        """Those that are reduced, counted from the front."""
        rank = len(io.input(0).shape)
        named = io.integers(1).reshape(-1)
        return frozenset(require.axis(self.kind, int(axis), rank) for axis in named)

    def count(self, io: Operands) -> int:
        """How many elements become one."""
        shape = io.input(0).shape
        return math.prod(shape[axis] for axis in self.axes(io))

    def images(self, io: Operands) -> Images | None:
        """What it is over, where that is neighbouring dimensions in front of the last one."""
        shape, axes = io.input(0).shape, self.axes(io)
        named = [axis for axis in sorted(axes) if shape[axis] > 1]
        if not named or len(shape) - 1 in axes:
            return None
        first, last = named[0], named[-1]
        if any(shape[axis] > 1 and axis not in axes for axis in range(first, last)):
            return None
        channels = math.prod(shape[last + 1 :])
        return Images(math.prod(shape[:first]), math.prod(shape[first : last + 1]), channels)

    def of_elements(self, io: Operands, inputs: Given[Interval]) -> Interval:
        """The interval of what is reduced, for each last position of the output or for all."""
        last = len(io.input(0).shape) - 1
        return inputs[0].whole() if last in self.axes(io) else inputs[0]

    def call(self, kernel: Kernel, io: Operands, params: Mapping[str, ParamValue]) -> KernelCall:
        """A call of a kernel with loops over what is kept and over what is reduced."""
        source = io.input(0)
        kept, reduced = _loops(self.kind, source.shape, self.axes(io))
        sizes, steps = (tuple(column) for column in zip(*kept, strict=True))
        size = source.dtype.size
        places = (tuple(size * step for step in one) for one in (steps, row_major(sizes)))
        order = in_loops(Loops(sizes, tuple(places)), block=size, reads_first=True)
        return KernelCall(
            kernel=kernel,
            inputs=(source.id,),
            outputs=(io.output.id,),
            params={
                "kept_size": sizes,
                "kept_stride": steps,
                "reduced_size": tuple(size for size, _ in reduced),
                "reduced_stride": tuple(stride for _, stride in reduced),
                **params,
            },
            overlaps=order.overlaps(io.output.nbytes),
        )


_Loops = list[tuple[int, int]]


def _loops(kind: str, shape: Shape, reduced: frozenset[int]) -> tuple[_Loops, _Loops]:
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
        raise UnsupportedModel(
            f"{kind} over interleaved axes of a tensor of {len(shape)} dimensions"
        )
    return [(1, 0)] * (_LEVELS - len(kept)) + kept, [(1, 0)] * (_LEVELS - len(gone)) + gone
