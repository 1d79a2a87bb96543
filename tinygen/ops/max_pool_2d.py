"""MAX_POOL_2D: the largest value of each window."""

from __future__ import annotations

import numpy as np

from tinygen.ir import Array, Lowered, Operands, Values
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.pool import Pool2D
from tinygen.ops.spatial import windows


class MaxPool2D(Pool2D):
    """What lies outside the image is never the largest."""

    kind = "MAX_POOL_2D"

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        image = values[0]
        low, high = self.bounds(io)
        height, width = self.extents(image.shape)
        largest = windows(image, height, width, io.output.dtype.low).max(axis=(3, 4))
        return (np.clip(largest, low, high).astype(io.output.dtype.numpy),)

    def kernels(self, io: Operands) -> Lowered:
        return self.call(io, kernel_of_type("max_pool_2d", io.output))
