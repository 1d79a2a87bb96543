"""Random cases of the operators that compute: of one code, of two, along axes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from tests.ops.drawn_moves import Draw, Rng, moved, quant, shape
from tests.ops.drawn_plain import compared, or_whole
from tests.ops.harness import Case, case, int8, int32, random_array, tensor
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Op, Shape
from tinygen.ops.abs import Abs
from tinygen.ops.activation import Activation
from tinygen.ops.binary import Binary
from tinygen.ops.comparison import (
    Comparison,
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    NotEqual,
)
from tinygen.ops.div import Div
from tinygen.ops.elu import Elu
from tinygen.ops.float_functions import Exp, Gelu, Log, Sqrt
from tinygen.ops.logical import LogicalAnd, LogicalNot, LogicalOr
from tinygen.ops.maximum import Maximum, Minimum
from tinygen.ops.mean import Sum
from tinygen.ops.prelu import Prelu
from tinygen.ops.reduce_max import ReduceAll, ReduceMax, ReduceMin
from tinygen.ops.reduction import Reduction
from tinygen.ops.relu import ReluN1To1
from tinygen.ops.resize_bilinear import ResizeBilinear
from tinygen.ops.rsqrt import Rsqrt
from tinygen.ops.select import Select, SelectV2
from tinygen.ops.squared_difference import SquaredDifference

ALL_CODES = np.arange(256, dtype=np.uint8).view(np.int8).reshape(1, 256)


def of_codes(
    op: Op,
    source: tuple[float, int],
    target: tuple[float, int],
    options: Mapping[str, Any] | None = None,
    codes: Array = ALL_CODES,
) -> Case:
    """A function of one code, of these codes."""
    return case(
        op,
        [int8(codes.shape, *source)],
        [int8(codes.shape, *target)],
        name=f"{op} {source} to {target}",
        options=options,
        values=[[codes]],
    )


def function(op: Op, options: Mapping[str, Any] | None, rng: Rng) -> Case:
    """Scales for which no last bit of a C library decides."""
    while True:
        source = (float(np.exp(rng.uniform(-5, 0))), int(rng.integers(-128, 128)))
        target = (float(np.exp(rng.uniform(-5, 0))), int(rng.integers(-128, 128)))
        one = of_codes(op, source, target, options)
        try:
            one.op.lower(one.io)
        except UnsupportedModel:
            continue
        return one


def abs_(rng: Rng) -> Case:
    source = quant(rng)
    return of_codes(Abs(), source, quant(rng) if rng.integers(3) else source)


def rsqrt(rng: Rng) -> Case:
    source = quant(rng)
    return of_codes(Rsqrt(), source, quant(rng), None, from_zero(source[1]))


def relu_n1_to_1(rng: Rng) -> Case:
    return of_codes(ReluN1To1(), quant(rng), quant(rng))


def from_zero(point: int) -> Array:
    """The codes of what is not negative: below, runtimes give up."""
    return np.arange(point, 128).astype(np.int8).reshape(1, -1)


def sqrt(rng: Rng) -> Case:
    whole = function(Sqrt(), None, rng)
    q, target = whole.io.input(0).q, whole.io.output.q
    source, result = ((one.scale, one.zero_point) for one in (q, target))
    return of_codes(Sqrt(), source, result, None, from_zero(q.zero_point))


def gelu(rng: Rng) -> Case:
    approximate = bool(rng.integers(2))
    return function(Gelu(approximate), {"approximate": approximate}, rng)


def pair_of_shapes(rng: Rng) -> tuple[Shape, Shape]:
    """Two that are broadcast to one of at most four dimensions."""
    wide = shape(rng)
    found = []
    for _ in range(2):
        kept = [1 if rng.integers(4) == 0 else d for d in wide]
        found.append(tuple(kept[int(rng.integers(0, len(kept))) if rng.integers(3) == 0 else 0 :]))
    found[int(rng.integers(2))] = wide
    return found[0], found[1]


def pair(kind: type[Binary], rng: Rng) -> Case:
    shapes = pair_of_shapes(rng)
    sources = [int8(dims, *quant(rng)) for dims in shapes]
    return case(
        kind(),
        sources,
        [int8((), *quant(rng))],
        name=f"{kind.kind} {shapes} {[t.quant for t in sources]}",
        options={},
        random_vectors=1,
        seed=int(rng.integers(1 << 30)),
    )


def div(rng: Rng) -> Case:
    """Scales for which no shift hangs on the processor."""
    shapes = pair_of_shapes(rng)
    while True:
        sources = [int8(dims, *quant(rng)) for dims in shapes]
        target = int8((), float(np.exp(rng.uniform(-5, 0))), int(rng.integers(-128, 128)))
        activation = list(Activation)[int(rng.integers(4))]
        options = {"fusedActivationFunction": activation.value}
        one = case(Div(activation), sources, [target], options=options, random_vectors=1)
        try:
            one.op.check(one.io)
        except UnsupportedModel:
            continue
        return one


def same_pair(kind: type[Binary], rng: Rng) -> Case:
    q = quant(rng)
    return moved(kind(), [int8(dims, *q) for dims in pair_of_shapes(rng)], rng, {})


def prelu(rng: Rng) -> Case:
    shapes = pair_of_shapes(rng)
    sources = [int8(dims, *quant(rng)) for dims in shapes]
    return case(Prelu(), sources, [int8((), *quant(rng))], random_vectors=1)


def comparison(kind: type[Comparison], rng: Rng) -> Case:
    if rng.integers(4) == 0:
        return compared(kind, rng)
    shapes = pair_of_shapes(rng)
    first = (float(np.exp(rng.uniform(-7, -0.1))), int(rng.integers(-128, 128)))
    second = first if rng.integers(2) else (first[0] * 0.7, int(rng.integers(-128, 128)))
    sources = [int8(dims, *q) for dims, q in zip(shapes, (first, second), strict=True)]
    seed = int(rng.integers(1 << 30))
    return case(kind(), sources, [tensor((), DType.BOOL)], options={}, random_vectors=1, seed=seed)


def logical(kind: type[Binary], rng: Rng) -> Case:
    sources = [tensor(dims, DType.BOOL) for dims in pair_of_shapes(rng)]
    return case(kind(), sources, [tensor((), DType.BOOL)], options={})


def logical_not(rng: Rng) -> Case:
    return case(LogicalNot(), [tensor(shape(rng), DType.BOOL)], [tensor((), DType.BOOL)])


def select_v2(rng: Rng) -> Case:
    q, (one, other) = quant(rng), pair_of_shapes(rng)
    wide = np.broadcast_shapes(one, other)
    condition = tuple(1 if rng.integers(3) == 0 else d for d in wide)
    inputs = [tensor(condition, DType.BOOL), int8(one, *q), int8(other, *q)]
    return case(SelectV2(), inputs, [int8((), *q)], options={})


def select(rng: Rng) -> Case:
    q, dims = quant(rng), shape(rng)
    condition = dims if rng.integers(2) else dims[:1]
    inputs = [tensor(condition, DType.BOOL), int8(dims, *q), int8(dims, *q)]
    return case(Select(), inputs, [int8((), *q)], options={})


def reduction(kind: type[Reduction], rng: Rng) -> Case:
    dims, keep = shape(rng), bool(rng.integers(2))
    rank = len(dims)
    axes = rng.choice(rank, int(rng.integers(1, rank + 1)), replace=False)
    inputs = [int8(dims, *quant(rng)), int32(axes - rank * rng.integers(0, 2, axes.size))]
    if kind is ReduceAll:
        flags = random_array(dims, DType.BOOL, rng) | (rng.random(dims) < 0.8)
        inputs[0], target = tensor(dims, DType.BOOL), tensor((), DType.BOOL)
        return case(kind(keep), inputs, [target], options={"keepDims": keep}, values=[[flags]])
    if kind is not Sum:
        return moved(kind(keep), inputs, rng, {"keepDims": keep})
    target = int8((), *quant(rng))
    return case(kind(keep), inputs, [target], options={"keepDims": keep}, random_vectors=1)


def resize_bilinear(rng: Rng) -> Case:
    mode = int(rng.integers(3))
    op = ResizeBilinear(mode == 1, mode == 2)
    inputs = [int8(shape(rng, 4, 4, 9), *quant(rng)), int32(rng.integers(1, 20, 2))]
    options = {"alignCorners": mode == 1, "halfPixelCenters": mode == 2}
    return moved(op, inputs, rng, options)


NUMBERS: Mapping[str, Draw] = {
    "ABS": abs_,
    "RSQRT": rsqrt,
    "RELU_N1_TO_1": relu_n1_to_1,
    "ELU": partial(function, Elu(), None),
    "EXP": partial(function, Exp(), {}),
    "LOG": partial(function, Log(), None),
    "SQRT": sqrt,
    "GELU": gelu,
    "MAXIMUM": partial(or_whole, "MAXIMUM", partial(same_pair, Maximum)),
    "MINIMUM": partial(or_whole, "MINIMUM", partial(same_pair, Minimum)),
    "DIV": partial(or_whole, "DIV", div),
    "SQUARED_DIFFERENCE": partial(or_whole, "SQUARED_DIFFERENCE", partial(pair, SquaredDifference)),
    "PRELU": prelu,
    "EQUAL": partial(comparison, Equal),
    "NOT_EQUAL": partial(comparison, NotEqual),
    "LESS": partial(comparison, Less),
    "LESS_EQUAL": partial(comparison, LessEqual),
    "GREATER": partial(comparison, Greater),
    "GREATER_EQUAL": partial(comparison, GreaterEqual),
    "LOGICAL_AND": partial(logical, LogicalAnd),
    "LOGICAL_OR": partial(logical, LogicalOr),
    "LOGICAL_NOT": logical_not,
    "SELECT_V2": select_v2,
    "SELECT": select,
    "REDUCE_ALL": partial(reduction, ReduceAll),
    "REDUCE_MAX": partial(reduction, ReduceMax),
    "REDUCE_MIN": partial(reduction, ReduceMin),
    "SUM": partial(reduction, Sum),
    "RESIZE_BILINEAR": resize_bilinear,
}
