"""Random cases of functions of one code, and of codes to and from real numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from tests.ops.drawn_moves import Draw, Rng, quant, shape
from tests.ops.drawn_numbers import of_codes
from tests.ops.harness import Case, case, random_array, tensor
from tinygen.ir import DType
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.leaky_relu import LeakyRelu
from tinygen.ops.logistic import Logistic
from tinygen.ops.parse import Parsed
from tinygen.ops.quantize import Quantize
from tinygen.ops.relu import Relu
from tinygen.ops.relu6 import Relu6
from tinygen.ops.tanh import Tanh

PAIRS = (
    (DType.FLOAT32, DType.INT8),
    (DType.FLOAT32, DType.INT16),
    (DType.INT8, DType.INT8),
    (DType.INT8, DType.INT16),
    (DType.INT8, DType.UINT8),
    (DType.INT16, DType.INT8),
    (DType.UINT8, DType.INT8),
)
"""What QUANTIZE makes of what."""


def fixed(op: Parsed, target: tuple[float, int], rng: Rng) -> Case:
    """Of which the specification says the output's quantization."""
    source = (float(np.exp(rng.uniform(-8, 2.5))), int(rng.integers(-128, 128)))
    return of_codes(op, source, target)


def free(op: Parsed, rng: Rng) -> Case:
    scale = float(np.exp(rng.uniform(-8, 2.5)))
    target = scale * float(np.exp(rng.uniform(-3, 3))), int(rng.integers(-128, 128))
    options = {"alpha": op.alpha} if isinstance(op, LeakyRelu) else None
    options = {} if isinstance(op, HardSwish) else options
    return of_codes(op, (scale, int(rng.integers(-128, 128))), target, options)


def leaky(rng: Rng) -> Case:
    return free(LeakyRelu(float(np.float32(rng.normal()))), rng)


def relu_6(rng: Rng) -> Case:
    q = quant(rng)
    return of_codes(Relu6(), q, q)


def _codes(dtype: DType, rng: Rng) -> tuple[float, int]:
    scale = float(np.exp(rng.uniform(-6, 1)))
    return scale, 0 if dtype is DType.INT16 else int(rng.integers(dtype.low, dtype.high + 1))


def quantized(rng: Rng) -> Case:
    """From float32, or from codes to codes."""
    source, target = PAIRS[int(rng.integers(len(PAIRS)))]
    dims = shape(rng, 1, 6, 4)
    scale, point = _codes(target, rng)
    if source is DType.FLOAT32:
        first, values = tensor(dims, source), rng.normal(0, 60 * scale, dims).astype(np.float32)
    else:
        given = _codes(source, rng)
        first = tensor(dims, source, scale=given[0], zero_point=given[1])
        values = random_array(dims, source, rng)
    last = tensor(dims, target, scale=scale, zero_point=point)
    return case(Quantize(), [first], [last], values=[[values]], options={})


def dequantized(rng: Rng) -> Case:
    dtype = (DType.INT8, DType.UINT8, DType.INT16)[int(rng.integers(3))]
    dims, (scale, point) = shape(rng, 1, 6, 4), _codes(dtype, rng)
    source = tensor(dims, dtype, scale=scale, zero_point=point)
    return case(Dequantize(), [source], [tensor(dims, DType.FLOAT32)], options={}, random_vectors=1)


CODES: Mapping[str, Draw] = {
    "LOGISTIC": partial(fixed, Logistic(), (1 / 256, -128)),
    "TANH": partial(fixed, Tanh(), (1 / 128, 0)),
    "RELU": partial(free, Relu()),
    "RELU6": relu_6,
    "LEAKY_RELU": leaky,
    "HARD_SWISH": partial(free, HardSwish()),
    "QUANTIZE": quantized,
    "DEQUANTIZE": dequantized,
}
