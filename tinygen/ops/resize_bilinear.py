"""RESIZE_BILINEAR: each output pixel lies between four of the input, with 10-bit weights."""

from __future__ import annotations

from typing import NamedTuple

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
from tinygen.ops.fixed_point import Int64, rounding_divide_by_pot
from tinygen.ops.resize import Resize
from tinygen.ops.spatial import nhwc

_BITS = 10
_ONE = 1 << _BITS


class _Line(NamedTuple):
    """Places along one dimension of the input, times 2^10: one for each of the output."""

    size: int
    places: Int64

    @property
    def lower(self) -> Int64:
        return np.maximum(self.places, 0) >> _BITS

    @property
    def upper(self) -> Int64:
        return np.asarray(np.minimum((self.places + _ONE - 1) >> _BITS, self.size - 1))

    @property
    def weight(self) -> Int64:
        """Of the upper one; the lower one has the rest of 2^10."""
        return self.places - _ONE * self.lower


class ResizeBilinear(Resize):
    kind = "RESIZE_BILINEAR"
    options_type = tflite.ResizeBilinearOptions

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if self.align_corners and self.half_pixel_centers:
            raise UnsupportedModel(
                "RESIZE_BILINEAR with aligned corners and half-pixel centers",
                why="the one excludes the other, and no runtime has both",
            )
        return super().infer(io)

    def check(self, io: Operands) -> None:
        super().check(io)
        require.int8(self.kind, io.input(0), io.output)
        for line in self._lines(io):
            if line.lower[-1] >= line.size:
                raise UnsupportedModel(
                    f"RESIZE_BILINEAR of '{io.input(0).name}' {list(io.input(0).shape)} to "
                    f"{list(io.output.shape)} reads behind the image",
                    why="its places have 10 fractional bits, which is too few for this many",
                )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        rows, columns = self._lines(io)
        image = values[0].astype(np.int64)
        down = rows.weight[:, None, None]
        across = columns.weight[:, None]
        lower, upper = image[:, rows.lower], image[:, rows.upper]
        lines = lower * (_ONE - down) + upper * down
        total = lines[:, :, columns.lower] * (_ONE - across) + lines[:, :, columns.upper] * across
        return (rounding_divide_by_pot(total, 2 * _BITS).astype(np.int8),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:  # noqa: ARG002
        """Between neighbours: before the first pixel both are the same one."""
        return (inputs[0],)

    def kernels(self, io: Operands) -> Lowered:
        batches, height, width, channels = nhwc(io.input(0), self.kind)
        _, output_height, output_width, _ = io.output.shape
        rows, columns = (
            self._walk(size, wanted)
            for size, wanted in ((height, output_height), (width, output_width))
        )
        call = KernelCall(
            kernel=portable("resize_bilinear"),
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "batches": batches,
                "input_height": height,
                "input_width": width,
                "channels": channels,
                "output_height": output_height,
                "output_width": output_width,
                "row_step": rows[1],
                "row_start": rows[0],
                "column_step": columns[1],
                "column_start": columns[0],
            },
        )
        return (call,)

    def _lines(self, io: Operands) -> tuple[_Line, _Line]:
        """The rows and the columns."""
        rows, columns = (self._line(io.input(0).shape[i], io.output.shape[i]) for i in (1, 2))
        return rows, columns

    def _line(self, size: int, wanted: int) -> _Line:
        start, step = self._walk(size, wanted)
        return _Line(size, start + step * np.arange(wanted, dtype=np.int64))

    def _walk(self, size: int, wanted: int) -> tuple[int, int]:
        """The first place and the step from one to the next."""
        if self.align_corners and wanted > 1:
            size, wanted = size - 1, wanted - 1
        step = (_ONE * size + wanted // 2) // wanted
        return (step // 2 - _ONE // 2 if self.half_pixel_centers else 0), step
