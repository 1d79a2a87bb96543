"""RESIZE_NEAREST_NEIGHBOR: each output pixel is one of the input."""

from __future__ import annotations

import numpy as np
import tflite

from tinygen.ir import Array, Given, Interval, Lowered, Operands, Values
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.relocate import Places, relocate_call
from tinygen.ops.resize import Resize
from tinygen.ops.spatial import nhwc


class ResizeNearestNeighbor(Resize):
    kind = "RESIZE_NEAREST_NEIGHBOR"
    options_type = tflite.ResizeNearestNeighborOptions

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        rows, columns = self._indices(io)
        return (values[0][:, rows][:, :, columns],)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:  # noqa: ARG002
        return (inputs[0],)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        batch, height, width, channels = nhwc(source, self.kind)
        rows, columns = self._indices(io)
        n, y, x, c = row_major(source.shape)
        times = [indices.size // size for indices, size in ((rows, height), (columns, width))]
        if all(
            np.array_equal(indices, np.repeat(np.arange(size), many))
            for indices, size, many in zip((rows, columns), (height, width), times, strict=True)
        ):
            dims = (batch, height, times[0], width, times[1], channels)
            loops = Loops(dims, ((n, y, 0, x, 0, c), row_major(dims)))
            return (copy_call(self.kind, source, target, loops),)
        steps = row_major(target.shape)
        places = [
            Places.of(indices, *pair)
            for indices, pair in zip(
                (np.arange(batch), rows, columns, np.arange(channels)),
                zip((n, y, x, c), steps, strict=True),
                strict=True,
            )
        ]
        return (relocate_call(source, target, places),)

    def _indices(self, io: Operands) -> tuple[Array, Array]:
        """Which row each output row is, and which column each column."""
        shapes = nhwc(io.input(0), self.kind), io.output.shape
        rows, columns = (self._nearest(shapes[0][i], shapes[1][i]) for i in (1, 2))
        return rows, columns

    def _nearest(self, size: int, wanted: int) -> Array:
        # In float32, whose rounding decides which neighbour is nearer.
        across = self.align_corners and wanted > 1
        ends = (size - 1, wanted - 1) if across else (size, wanted)
        scale = np.float32(ends[0]) / np.float32(ends[1])
        at = (np.arange(wanted, dtype=np.float32) + np.float32(self.offset)) * scale
        exact = at.astype(np.float64)
        nearest = np.floor(exact + 0.5) if self.align_corners else np.floor(exact)
        return np.minimum(nearest.astype(np.int64), size - 1)
