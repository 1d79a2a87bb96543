"""What SOFTMAX and LOG_SOFTMAX share: how far a class lies below the greatest, in fixed point."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Tensor
from tinygen.ops.fixed_functions import input_radius, rescale_input
from tinygen.ops.fixed_point import Int64

INPUT_BITS = 5
"""Integer bits of the scaled differences: exp(-32) and less are left out."""
SUM_BITS = 12
"""Integer bits of the sum of exponentials, each at most 1."""
_MAX_DEPTH = (1 << SUM_BITS) - 1


def check_classes(kind: str, source: Tensor) -> None:
    """UnsupportedModel where the last dimension has more classes than a sum has room for."""
    if not source.shape or not 1 <= source.shape[-1] <= _MAX_DEPTH:
        raise UnsupportedModel(
            f"{kind} over the last dimension of '{source.name}' {list(source.shape)}",
            why=f"it is compiled for 1 to {_MAX_DEPTH} classes",
        )


def differences(multiplier: int, shift: int) -> Int64:
    """Entry i is that of a class i codes below the greatest, in Q5; classes that are farther below
    do not count."""
    length = min(input_radius(INPUT_BITS, shift), 255) + 1
    return rescale_input(-np.arange(length, dtype=np.int64), multiplier, shift)
