"""Fused activations as the range they leave of a quantized output."""

from __future__ import annotations

from enum import Enum

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Quant, quantize

INT8_MIN, INT8_MAX = DType.INT8.low, DType.INT8.high


class Activation(Enum):
    """Activations that another operator may carry, by the file's number."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3

    @classmethod
    def parse(cls, code: int, kind: str) -> Activation:
        """The activation with this number, fused into an operator of this kind."""
        try:
            return cls(code)
        except ValueError:
            name = {4: "TANH", 5: "SIGN_BIT"}.get(code, f"number {code}")
            raise UnsupportedModel(
                f"the activation {name} fused into {kind} is not compiled",
                why="fused activations are NONE, RELU, RELU_N1_TO_1 and RELU6",
                next_step="make the activation a layer of its own",
            ) from None


_BOUNDS: dict[Activation, tuple[float | None, float | None]] = {
    Activation.NONE: (None, None),
    Activation.RELU: (0.0, None),
    Activation.RELU_N1_TO_1: (-1.0, 1.0),
    Activation.RELU6: (0.0, 6.0),
}


def quantized_range(
    activation: Activation, output: Quant, dtype: DType = DType.INT8
) -> tuple[int, int]:
    """The lowest and highest code of the type that the activation lets through."""
    low, high = _BOUNDS[activation]
    bottom = dtype.low if low is None else _quantized(low, output, dtype)
    top = dtype.high if high is None else _quantized(high, output, dtype)
    return bottom, top


def real_range(activation: Activation) -> tuple[float, float]:
    """The same of a float32 output: all that is finite where there is no bound."""
    low, high = _BOUNDS[activation]
    largest = float(np.finfo(np.float32).max)
    return -largest if low is None else low, largest if high is None else high


def whole_range(activation: Activation) -> tuple[int, int]:
    """The same of an int32 output, which has no scale."""
    low, high = _BOUNDS[activation]
    bottom = DType.INT32.low if low is None else int(low)
    return bottom, DType.INT32.high if high is None else int(high)


def _quantized(real: float, quant: Quant, dtype: DType) -> int:
    # Past int32, which no model of use reaches, TFLM is undefined.
    if not abs(real) <= float(np.float32(quant.scale)) * 2.0**31:
        raise UnsupportedModel(f"an output scale of {quant.scale:g} is too small for an activation")
    return int(quantize(np.array(real), quant.scale, quant.zero_point, dtype))
