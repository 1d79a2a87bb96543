"""Random cases of ADD_N, CUMSUM, ARG_MAX, ARG_MIN, L2_NORMALIZATION and LOG_SOFTMAX."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from tests.ops.drawn_moves import Draw, Rng, quant, shape
from tests.ops.harness import Case, case, int8, int32, tensor
from tinygen.ir import DType
from tinygen.ops.arg_max import ArgMax, ArgMin
from tinygen.ops.l2_normalization import L2Normalization
from tinygen.ops.log_softmax import LogSoftmax
from tinygen.ops.running_sum import AddN, Cumsum


def add_n(rng: Rng) -> Case:
    q, dims, count = quant(rng), shape(rng), int(rng.integers(2, 17))
    return case(AddN(), [int8(dims, *q)] * count, [int8((), *quant(rng))], options={})


def cumsum(rng: Rng) -> Case:
    dims, exclusive, reverse = shape(rng), bool(rng.integers(2)), bool(rng.integers(2))
    return case(
        Cumsum(exclusive, reverse),
        [int8(dims, *quant(rng)), int32(np.array(rng.integers(-len(dims), len(dims))))],
        [int8((), *quant(rng))],
        options={"exclusive": exclusive, "reverse": reverse},
    )


def arg(op: ArgMax, rng: Rng) -> Case:
    dims = shape(rng)
    inputs = [int8(dims, *quant(rng)), int32(np.array(rng.integers(-len(dims), len(dims))))]
    return case(op, inputs, [tensor((), DType.INT32)], options={"outputType": 2})


def l2_normalization(rng: Rng) -> Case:
    dims = (*shape(rng, 0, 3), int(rng.choice([1, 2, 7, 64, 300])))
    return case(L2Normalization(), [int8(dims, *quant(rng))], [int8((), 1 / 128, 0)], options={})


def log_softmax(rng: Rng) -> Case:
    dims = (*shape(rng, 0, 3), int(rng.choice([1, 2, 10, 300])))
    scale = float(np.exp(rng.uniform(-9, 3)))
    source = int8(dims, scale, int(rng.integers(-128, 128)))
    return case(LogSoftmax(), [source], [int8((), 1 / 16, 127)], options={})


SUMS: Mapping[str, Draw] = {
    "ADD_N": add_n,
    "CUMSUM": cumsum,
    "ARG_MAX": partial(arg, ArgMax()),
    "ARG_MIN": partial(arg, ArgMin()),
    "L2_NORMALIZATION": l2_normalization,
    "LOG_SOFTMAX": log_softmax,
}
