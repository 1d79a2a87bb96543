"""SUB: ADD's arithmetic with the second input negated, prepared in float32."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import tflite

from tinygen.ir import Operands
from tinygen.ops.add import LEFT_SHIFT, Add


class Sub(Add):
    kind = "SUB"
    options_type = tflite.SubOptions
    ufunc: ClassVar[np.ufunc] = np.subtract
    sign = -1

    def real_multipliers(self, io: Operands) -> tuple[float, float, float]:
        """The factors of both inputs and of the difference, in float32 unlike ADD's."""
        scale0, scale1 = np.float32(io.input(0).q.scale), np.float32(io.input(1).q.scale)
        left = LEFT_SHIFT[io.output.dtype]
        twice_max = np.float32(2) * max(scale0, scale1)
        return (
            float(scale0 / twice_max),
            float(scale1 / twice_max),
            float(twice_max / (np.float32(1 << left) * np.float32(io.output.q.scale))),
        )
