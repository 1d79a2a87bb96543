"""STRIDED_SLICE: every n-th element between two ends of each dimension, forward or backward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Given, Interval, Lowered, Operands, Shape, Values
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser


@dataclass(frozen=True)
class StridedSlice(Move):
    begin_mask: int
    """Bit i: dimension i starts at its end that the stride leaves from."""
    end_mask: int
    """Bit i: dimension i goes on to its other end."""
    shrink_mask: int
    """Bit i: dimension i is one index, and dropped."""

    kind = "STRIDED_SLICE"
    arity = (4, 4)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.StridedSliceOptions)
        if options.EllipsisMask() or options.NewAxisMask() or options.Offset():
            raise UnsupportedModel(
                "STRIDED_SLICE with an ellipsis, a new axis or offsets is not compiled",
                why="TensorFlow Lite Micro does not run it, and leaves offsets out",
                next_step="write the slice with explicit ranges",
            )
        return cls(options.BeginMask(), options.EndMask(), options.ShrinkAxisMask())

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not all(io.input(i).constant for i in (1, 2, 3)):
            return (io.output.shape,)
        ranges = self._ranges(io)
        return (tuple(len(r) for i, r in enumerate(ranges) if not self.shrink_mask >> i & 1),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        value = values[0]
        for axis, indices in enumerate(self._ranges(io)):
            value = np.take(value, np.asarray(indices, dtype=np.int64), axis=axis)
        return (value.reshape(io.output.shape),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        shape = io.input(0).shape
        if not shape:
            return (inputs[0],)
        taken = list(self._ranges(io)[-1])
        source = inputs[0].channels(shape[-1])
        channels = Interval(source.low[taken], source.high[taken])
        dropped = self.shrink_mask >> (len(shape) - 1) & 1
        return (channels.whole() if dropped else channels,)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        if target.elements == 0:
            raise UnsupportedModel(f"STRIDED_SLICE leaves nothing of '{source.name}'")
        ranges = self._ranges(io)
        steps = row_major(source.shape)
        taken = tuple(len(r) for r in ranges)
        loops = Loops(
            taken,
            (tuple(r.step * s for r, s in zip(ranges, steps, strict=True)), row_major(taken)),
        )
        start = sum(r.start * s for r, s in zip(ranges, steps, strict=True))
        return (copy_call(self.kind, source, target, loops, (start, 0)),)

    def _ranges(self, io: Operands) -> tuple[range, ...]:
        """The indices taken along each dimension of the input."""
        shape = io.input(0).shape
        begin, end, stride = (io.integers(i).reshape(-1).tolist() for i in (1, 2, 3))
        if not len(begin) == len(end) == len(stride) <= len(shape) or 0 in stride:
            raise UnsupportedModel(
                f"STRIDED_SLICE takes [{begin} : {end} : {stride}] of '{io.input(0).name}' "
                f"{list(shape)}"
            )
        named = [
            self._range(i, size, b, e, s)
            for i, (size, b, e, s) in enumerate(zip(shape, begin, end, stride, strict=False))
        ]
        return (*named, *(range(size) for size in shape[len(named) :]))

    def _range(self, axis: int, size: int, begin: int, end: int, stride: int) -> range:
        first = None if self.begin_mask >> axis & 1 else begin
        if self.shrink_mask >> axis & 1:
            start = slice(first, None, stride).indices(size)[0]
            if not 0 <= start < size:
                raise UnsupportedModel(f"STRIDED_SLICE takes index {begin} of {size} elements")
            return range(start, start + 1)
        last = None if self.end_mask >> axis & 1 else end
        # Python's slices clamp and count from the back exactly as TFLite's do.
        return range(*slice(first, last, stride).indices(size))
