"""AVERAGE_POOL_2D: the mean of each window, over the part of it that lies inside the image."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Lowered, Operands, Values
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.pool import Pool2D
from tinygen.ops.spatial import windows

_MOST = 1 << 23
"""Values of a window: with half of their count, their sum is an int32."""


class AveragePool2D(Pool2D):
    """The quotient is rounded half away from zero, on quantized values as they are."""

    kind = "AVERAGE_POOL_2D"

    def check(self, io: Operands) -> None:
        super().check(io)
        height, width = self.extents(io.input(0).shape)
        inside = min(height.filter, height.input) * min(width.filter, width.input)
        most = _MOST if io.output.dtype is DType.INT8 else _MOST >> 8
        if inside > most:
            raise UnsupportedModel(
                f"AVERAGE_POOL_2D of '{io.input(0).name}' takes the mean of {inside:,} values",
                why=f"their sum is an int32, which holds {most:,} of any size",
            )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        image = values[0]
        low, high = self.bounds(io)
        height, width = self.extents(image.shape)
        total = windows(image.astype(np.int64), height, width, 0).sum(axis=(3, 4))
        inside = np.ones((1, *image.shape[1:3], 1), np.int64)
        count = windows(inside, height, width, 0).sum(axis=(3, 4))
        mean = (np.abs(total) + count // 2) // count * np.sign(total)
        return (np.clip(mean, low, high).astype(io.output.dtype.numpy),)

    def kernels(self, io: Operands) -> Lowered:
        return self.call(io, kernel_of_type("average_pool_2d", io.output))
