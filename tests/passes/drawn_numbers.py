"""Nodes at the end of a random graph, of operators that compute: see `drawn_operators`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from tests.passes.graph_builder import Builder, random_values
from tinygen.errors import UnsupportedModel
from tinygen.ir import ABSENT, DType, Op, Operands, Quant, Tensor
from tinygen.ops.abs import Abs
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.arg_max import ArgMax, ArgMin
from tinygen.ops.cast import Cast
from tinygen.ops.comparison import Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.div import Div
from tinygen.ops.dynamic_update_slice import DynamicUpdateSlice
from tinygen.ops.elu import Elu
from tinygen.ops.embedding_lookup import EmbeddingLookup
from tinygen.ops.expand_dims import ExpandDims
from tinygen.ops.fill import Fill
from tinygen.ops.float_functions import Exp, FloorDiv, FloorMod, Gelu, Log, Neg, Pow, Sign, Sqrt
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.gather import Gather, GatherNd
from tinygen.ops.l2_normalization import L2Normalization
from tinygen.ops.log_softmax import LogSoftmax
from tinygen.ops.logical import LogicalAnd, LogicalNot, LogicalOr
from tinygen.ops.maximum import Maximum, Minimum
from tinygen.ops.mean import Sum
from tinygen.ops.mul import Mul
from tinygen.ops.prelu import Prelu
from tinygen.ops.quantize import Quantize
from tinygen.ops.real import FOLDS, RealFold, RealMap, RealPair
from tinygen.ops.reduce_max import ReduceAll, ReduceMax, ReduceMin
from tinygen.ops.reshape import Reshape
from tinygen.ops.resize_bilinear import ResizeBilinear
from tinygen.ops.rsqrt import Rsqrt
from tinygen.ops.running_sum import AddN, Cumsum
from tinygen.ops.select import Select, SelectV2
from tinygen.ops.slice import Slice
from tinygen.ops.squared_difference import SquaredDifference
from tinygen.ops.sub import Sub
from tinygen.ops.transpose import Transpose


def function(b: Builder) -> Tensor | None:
    """A table, to a scale that decides every code."""
    source, quant = b.draw(st.sampled_from(b.live)), b.quant()
    ops: list[Op] = [Abs(), Rsqrt(), Elu(), Exp(), Log(), Sqrt(), Gelu(False), Gelu(True)]
    op = b.draw(st.sampled_from(ops))
    stand_in = Tensor(ABSENT, "", source.shape, DType.INT8, quant)
    try:
        op.lower(Operands((source,), (stand_in,), op.kind))
    except UnsupportedModel:
        return None
    return b.node(op, [source], quant)


def _second(b: Builder, first: Tensor, *, alike: bool) -> Tensor:
    """Another of the same shape, or a constant that is broadcast."""
    others = [t for t in b.live if t.shape == first.shape and (not alike or t.quant == first.quant)]
    found = b.draw(st.sampled_from([*others, None]))
    if found is not None:
        return found
    shape = b.draw(st.sampled_from([(), (1,), first.shape[-1:]]))
    values = random_values(Tensor(ABSENT, "", shape, DType.INT8), b.rng)
    return b.add(shape, first.quant if alike else b.quant(), values)


def extreme(b: Builder) -> Tensor | None:
    first = b.draw(st.sampled_from(b.live))
    op = b.draw(st.sampled_from([Maximum(), Minimum()]))
    return b.node(op, [first, _second(b, first, alike=True)], first.quant)


def pair(b: Builder) -> Tensor | None:
    first = b.draw(st.sampled_from(b.live))
    if b.draw(st.booleans()):
        return _quotient(b, first, _second(b, first, alike=False))
    op = b.draw(st.sampled_from([SquaredDifference(), Prelu()]))
    return b.node(op, [first, _second(b, first, alike=False)], b.quant())


def _quotient(b: Builder, first: Tensor, second: Tensor) -> Tensor:
    """To steps so fine that no shift hangs on the processor."""
    scale = float(np.float32(first.q.scale / second.q.scale / 100))
    return b.node(Div(b.activation()), [first, second], Quant((scale,), b.quant().zero_points))


def select(b: Builder) -> Tensor | None:
    """One of two tensors, by comparisons and what joins them."""
    first = b.draw(st.sampled_from(b.live))
    kinds: list[Op] = [Equal(), NotEqual(), Less(), LessEqual(), Greater(), GreaterEqual()]
    ops = [b.draw(st.sampled_from(kinds)) for _ in range(2)]
    rows = [[first, _second(b, first, alike=False)] for _ in range(2)]
    both = [b.node(op, row, None, DType.BOOL) for op, row in zip(ops, rows, strict=True)]
    joined = b.node(b.draw(st.sampled_from([LogicalAnd(), LogicalOr()])), both, None, DType.BOOL)
    condition = b.node(LogicalNot(), [joined], None, DType.BOOL)
    if b.draw(st.booleans()) and joined.shape:
        every = b.constant(np.arange(len(joined.shape)))
        condition = b.node(ReduceAll(True), [condition, every], None, DType.BOOL)
    second = _second(b, first, alike=True)
    plain = second.shape == first.shape == condition.shape
    return b.node(Select() if plain else SelectV2(), [condition, first, second], first.quant)


def mask(b: Builder) -> Tensor | None:
    """Where one is greater, as the codes 0 and 1."""
    first = b.draw(st.sampled_from(b.live))
    more = b.node(Greater(), [first, _second(b, first, alike=False)], None, DType.BOOL)
    return b.node(Cast(), [more], b.quant())


def reduction(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) > 0)
    if source is None:
        return None
    rank = len(source.shape)
    axes = b.draw(st.lists(st.integers(0, rank - 1), min_size=1, max_size=rank, unique=True))
    keep, kind = b.draw(st.booleans()), b.draw(st.sampled_from([ReduceMax, ReduceMin, Sum]))
    quant = b.quant() if kind is Sum else source.quant
    return b.node(kind(keep), [source, b.constant(np.array(axes, np.int32))], quant)


def resize_bilinear(b: Builder) -> Tensor | None:
    image = b.image()
    if image is None:
        return None
    mode, size = b.draw(st.integers(0, 2)), b.constant(b.rng.integers(1, 9, 2))
    return b.node(ResizeBilinear(mode == 1, mode == 2), [image, size], image.quant)


def running_sum(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) > 0)
    if source is None:
        return None
    alike = [t for t in b.live if (t.shape, t.quant) == (source.shape, source.quant)]
    others = b.draw(st.lists(st.sampled_from(alike), min_size=1, max_size=3))
    kind = b.draw(st.sampled_from(["ADD_N", "CUMSUM", "L2_NORMALIZATION", "LOG_SOFTMAX"]))
    if kind == "LOG_SOFTMAX":
        return b.node(LogSoftmax(), [source], Quant((1.0 / 16.0,), (127,)))
    if kind == "ADD_N":
        return b.node(AddN(), [source, *others], b.quant())
    if kind == "L2_NORMALIZATION":
        return b.node(L2Normalization(), [source], Quant((1.0 / 128.0,), (0,)))
    axis = b.constant(b.draw(st.integers(0, len(source.shape) - 1)))
    op = Cumsum(b.draw(st.booleans()), b.draw(st.booleans()))
    return b.node(op, [source, axis], b.quant())


def pick(b: Builder) -> Tensor | None:
    """Slices at the places that ARG_MAX and ARG_MIN find."""
    flat = b.source(lambda t: len(t.shape) == 2)
    source = flat or b.source(lambda t: 0 < len(t.shape) < 4)
    if source is None:
        return None
    axis, op = b.constant(len(source.shape) - 1), b.draw(st.sampled_from([ArgMax(), ArgMin()]))
    places = b.node(op, [source, axis], None, DType.INT32)
    if len(places.shape) == 1:
        return b.draw(st.sampled_from([_rows, _spots, _changed]))(b, source, places)
    return b.node(Gather(len(source.shape) - 1), [source, places], source.quant)


def _rows(b: Builder, source: Tensor, places: Tensor) -> Tensor:
    shape = (source.shape[-1], 3)
    table = b.add(shape, source.quant, b.rng.integers(-128, 128, shape))
    return b.node(EmbeddingLookup(), [places, table], source.quant)


def _spots(b: Builder, source: Tensor, places: Tensor) -> Tensor:
    column = b.node(ExpandDims(), [places, b.constant(1)], None, DType.INT32)
    turned = b.node(Transpose(), [source, b.constant([1, 0])], source.quant)
    return b.node(GatherNd(), [turned, column], source.quant)


def _changed(b: Builder, source: Tensor, places: Tensor) -> Tensor:
    """One element replaced, where the first place says."""
    pair = b.node(Gather(0), [places, b.constant([0, 0])], None, DType.INT32)
    part = b.add((1, 1), source.quant, b.rng.integers(-128, 128, (1, 1)))
    return b.node(DynamicUpdateSlice(), [source, part, pair], source.quant)


def real(b: Builder) -> Tensor | None:
    """An island of float that reads two tensors, or rows of one."""
    first = b.source(lambda t: len(t.shape) > 0 and t.id in b.varying)
    if first is None:
        return None
    second = _second(b, first, alike=False)
    floats = [b.node(Dequantize(), [t], None, DType.FLOAT32) for t in (first, second)]
    axes = b.constant([len(first.shape) - 1])
    fold = RealFold(True, b.draw(st.sampled_from(list(FOLDS))))
    folded = b.node(fold, [floats[0], axes], None, DType.FLOAT32)
    pair = RealPair(b.draw(st.sampled_from(["ADD", "SUB", "MUL", "MAXIMUM"])), b.activation())
    joined = b.node(pair, [floats[1], folded], None, DType.FLOAT32)
    mapped = RealMap(b.draw(st.sampled_from(["ABS", "NEG", "SQUARE", "ROUND", "RELU"])))
    return b.node(Quantize(), [b.node(mapped, [joined], None, DType.FLOAT32)], b.quant())


def constant_island(b: Builder) -> Tensor | None:
    """A chain of float functions of one tensor and of numbers."""
    source = b.source(lambda t: t.id in b.varying)
    if source is None:
        return None
    found = b.node(Dequantize(), [source], None, DType.FLOAT32)
    for _ in range(b.draw(st.integers(1, 3))):
        number = b.constant(float(b.draw(st.sampled_from([-3, 0.7, 2]))), DType.FLOAT32)
        pairs: list[Op] = [FloorMod(), FloorDiv(), Add(Activation.NONE), Mul(Activation.NONE)]
        op = b.draw(st.sampled_from([*pairs, Sign(), Neg(), RealMap("ABS")]))
        inputs = [found, number] if op in pairs else [found]
        found = b.node(op, inputs, None, DType.FLOAT32)
    return b.node(Quantize(), [found], b.quant())


def power(b: Builder) -> Tensor | None:
    """By a whole number, to a scale that decides every code."""
    source = b.source(lambda t: t.id in b.varying)
    if source is None:
        return None
    real = b.node(Dequantize(), [source], None, DType.FLOAT32)
    raised = b.node(Pow(), [real, b.constant(3.0, DType.FLOAT32)], None, DType.FLOAT32)
    return b.node(Quantize(), [raised], Quant((float(np.float32(0.37123)),), (0,)))


def whole(b: Builder) -> Tensor | None:
    """Whole numbers that are computed with, codes over and over, weights that are data."""
    source = b.source(lambda t: len(t.shape) == 2)
    if source is None:
        return None
    if b.draw(st.booleans()):
        return b.node(FullyConnected(b.activation(), False), [source, source], b.quant())
    if b.draw(st.booleans()):
        inputs = [source, b.constant([0, 0]), b.constant([1, 1])]
        first = b.node(Slice(), inputs, source.quant)
        number = b.node(Reshape(()), [first], source.quant)
        return b.node(Fill(), [b.constant([2, 3]), number], source.quant)
    places = b.node(ArgMax(), [source, b.constant(1)], None, DType.INT32)
    plain = Activation.NONE
    ops: list[Op] = [Add(plain), Sub(plain), Mul(plain), Div(plain), Maximum(), SquaredDifference()]
    other = b.constant(int(b.rng.integers(-9, 9)))
    found = b.node(b.draw(st.sampled_from(ops)), [places, other], None, DType.INT32)
    return b.node(Cast(), [found], b.quant())


NUMBERS: tuple[Callable[[Builder], Tensor | None], ...] = (
    function,
    extreme,
    pair,
    select,
    mask,
    reduction,
    resize_bilinear,
    running_sum,
    pick,
    real,
    constant_island,
    power,
    whole,
)
