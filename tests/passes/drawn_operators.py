"""One function per operator, or a family of them: a node of it at the end of a random graph.

Each gives the tensor that is new, or None where no tensor so far suits. A new operator is a
function here, or an entry in `table` or `binary`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st

from tests.passes.drawn_copies import COPIES
from tests.passes.drawn_numbers import NUMBERS
from tests.passes.drawn_products import PRODUCTS
from tests.passes.drawn_recurrent import lstm, svdf
from tests.passes.graph_builder import Builder, random_values
from tinygen.ir import ABSENT, DType, Op, Quant, Shape, Tensor
from tinygen.ops.add import Add
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.elu import Elu
from tinygen.ops.expand_dims import ExpandDims
from tinygen.ops.float_functions import Ceil, Cos, Floor, Neg, Round, Sin, Square
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.leaky_relu import LeakyRelu
from tinygen.ops.logistic import Logistic
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.mean import Mean
from tinygen.ops.mul import Mul
from tinygen.ops.pack import Pack
from tinygen.ops.pad import Pad, PadV2
from tinygen.ops.quantize import Quantize
from tinygen.ops.relu import Relu, ReluN1To1
from tinygen.ops.relu6 import Relu6
from tinygen.ops.reshape import Reshape
from tinygen.ops.shape_arithmetic import ShapeOf
from tinygen.ops.softmax import Softmax
from tinygen.ops.spatial import Border, Padding
from tinygen.ops.squeeze import Squeeze
from tinygen.ops.strided_slice import StridedSlice
from tinygen.ops.sub import Sub
from tinygen.ops.tanh import Tanh
from tinygen.ops.transpose import Transpose

_FRACTION = Quant((1.0 / 256.0,), (-128,))


def table(b: Builder) -> Tensor | None:
    source = b.draw(st.sampled_from(b.live))
    fixed: dict[Op, Quant] = {Logistic(): _FRACTION, Tanh(): Quant((1.0 / 128.0,), (0,))}
    free: list[Op] = [
        Relu(),
        Relu6(),
        ReluN1To1(),
        HardSwish(),
        LeakyRelu(0.3),
        LeakyRelu(-1.5),
        Quantize(),
    ]
    op = b.draw(st.sampled_from([*fixed, *free]))
    return b.node(op, [source], fixed.get(op) or b.quant())


def float_island(b: Builder) -> Tensor | None:
    """A function between DEQUANTIZE and QUANTIZE, to a scale that decides every code."""
    source = b.source(lambda t: t.id in b.varying)
    if source is None:
        return None
    codes = b.node(Quantize(), [source], b.quant())
    real = b.node(Dequantize(), [codes], None, DType.FLOAT32)
    exact: list[Op] = [Neg(), Square(), Floor(), Ceil(), Round()]
    op = b.draw(st.sampled_from([Elu(), Elu(), *exact, Sin(), Cos()]))
    function = b.node(op, [real], None, DType.FLOAT32)
    scale = float(np.float32(b.draw(st.sampled_from([0.02, 0.13]))))
    return b.node(Quantize(), [function], Quant((scale,), b.quant().zero_points))


def constant_table(b: Builder) -> Tensor | None:
    """A node whose result is known beforehand."""
    shape, quant = b.shape(), b.quant()
    data = random_values(Tensor(ABSENT, "", shape, DType.INT8), b.rng)
    return b.node(Relu(), [b.add(shape, quant, data)], b.quant())


def softmax(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) > 0)
    return source and b.node(Softmax(1.0), [source], _FRACTION)


def binary(b: Builder) -> Tensor | None:
    first = b.draw(st.sampled_from(b.live))
    kind = b.draw(st.sampled_from([Add, Sub, Mul]))
    others = [t for t in b.live if t.shape == first.shape]
    second = b.draw(st.sampled_from([*others, None]))
    if second is None:
        shape = b.draw(st.sampled_from([(), (1,), first.shape[-1:]]))
        scalar = Tensor(ABSENT, "", shape, DType.INT8)
        second = b.add(shape, b.quant(), random_values(scalar, b.rng))
    pair = [first, second] if b.draw(st.booleans()) else [second, first]
    return b.node(kind(b.activation()), pair, b.quant())


def _weights(b: Builder, shape: Shape, axis: int) -> Tensor:
    count = shape[axis] if b.draw(st.booleans()) else 1
    scales = tuple(float(np.float32(s)) for s in b.rng.uniform(0.002, 0.02, count))
    data = b.rng.integers(-128, 127, shape, np.int8, endpoint=True)
    for dead in {axis, len(shape) - 1}:  # channels whose sum is their bias, channels nobody reads
        if b.draw(st.booleans()):
            np.moveaxis(data, dead, 0)[b.rng.random(shape[dead]) < 0.6] = 0
    return b.add(shape, Quant(scales, (0,) * count, axis), data)


def _bias(b: Builder, channels: int) -> Tensor | None:
    reach = b.draw(st.sampled_from([0, 1 << 10, 1 << 16, 1 << 30]))
    if not reach:
        return None
    return b.constant(b.rng.integers(-reach, reach, channels))


def conv_2d(b: Builder) -> Tensor | None:
    image = b.image()
    if image is None:
        return None
    groups = b.draw(st.sampled_from([g for g in (1, 2, 3) if image.shape[3] % g == 0]))
    taps = (b.draw(st.integers(1, 3)), b.draw(st.integers(1, 3)))
    channels = groups * b.draw(st.integers(1, 4))
    dilation = b.draw(st.sampled_from([1, 1, 2]))
    border = Padding.SAME if dilation > 1 else _fitting(b, image, taps)
    op = Conv2D(border, *_strides(b), dilation, dilation, b.activation())
    weights = _weights(b, (channels, *taps, image.shape[3] // groups), 0)
    return b.node(op, [image, weights, _bias(b, channels)], b.quant())


def depthwise_conv_2d(b: Builder) -> Tensor | None:
    image = b.image()
    if image is None:
        return None
    taps = (b.draw(st.integers(1, 3)), b.draw(st.integers(1, 3)))
    channels = image.shape[3] * b.draw(st.integers(1, 2))
    op = DepthwiseConv2D(_fitting(b, image, taps), *_strides(b), activation=b.activation())
    weights = _weights(b, (1, *taps, channels), 3)
    return b.node(op, [image, weights, _bias(b, channels)], b.quant())


def fully_connected(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) > 0)
    if source is None:
        return None
    keep, units = b.draw(st.booleans()), b.draw(st.integers(1, 6))
    weights = _weights(b, (units, source.shape[-1]), 0)
    op = FullyConnected(b.activation(), keep)
    return b.node(op, [source, weights, _bias(b, units)], b.quant())


def pool(b: Builder) -> Tensor | None:
    image = b.image()
    if image is None:
        return None
    taps = (b.draw(st.integers(1, 3)), b.draw(st.integers(1, 3)))
    kind = b.draw(st.sampled_from([AveragePool2D, MaxPool2D]))
    op = kind(_fitting(b, image, taps), *_strides(b), *taps, b.activation())
    return b.node(op, [image], image.quant)


def _strides(b: Builder) -> tuple[int, int]:
    return b.draw(st.integers(1, 3)), b.draw(st.integers(1, 2))


def _fitting(b: Builder, image: Tensor, taps: tuple[int, int]) -> Padding | Border:
    """A border with which the window fits into the image."""
    border = b.border(taps)
    if isinstance(border, Border):
        height = image.shape[1] + border.top + border.bottom
        width = image.shape[2] + border.left + border.right
        return border if taps[0] <= height and taps[1] <= width else Padding.SAME
    return border


def mean(b: Builder) -> Tensor | None:
    source = b.draw(st.sampled_from(b.live))
    rank = len(source.shape)
    axes = b.draw(st.lists(st.integers(0, max(0, rank - 1)), max_size=rank, unique=True))
    axes_of = b.constant(np.array(axes, np.int32))
    return b.node(Mean(b.draw(st.booleans())), [source, axes_of], b.quant())


def reshape(b: Builder) -> Tensor | None:
    source = b.draw(st.sampled_from(b.live))
    shapes = [(source.elements,), (1, -1), (-1, source.shape[-1] if source.shape else 1)]
    shape = b.constant(b.draw(st.sampled_from(shapes)))
    return b.node(Reshape(None), [source, shape], source.quant)


def computed_reshape(b: Builder) -> Tensor | None:
    """The shape as Keras computes it for Flatten: the first dimension kept, the rest joined."""
    source = b.source(lambda t: len(t.shape) > 0)
    if source is None:
        return None
    shape = b.node(ShapeOf(), [source], None, DType.INT32)
    ends = [b.constant([i]) for i in (0, 1, 1)]
    first = b.node(StridedSlice(0, 0, 1), [shape, *ends], None, DType.INT32)
    rest = b.constant(-1)
    packed = b.node(Pack(0), [first, rest], None, DType.INT32)
    declared = Tensor(ABSENT, "", (source.shape[0], source.elements // source.shape[0]), DType.INT8)
    output = b.add(declared.shape, source.quant)
    b.append(Reshape(None), [source, packed], output)
    return output


def squeeze(b: Builder) -> Tensor | None:
    source = b.draw(st.sampled_from(b.live))
    return b.node(Squeeze(()), [source], source.quant)


def expand_dims(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) < 4)
    if source is None:
        return None
    axis = b.constant(b.draw(st.integers(-1, len(source.shape))))
    return b.node(ExpandDims(), [source, axis], source.quant)


def transpose(b: Builder) -> Tensor | None:
    source = b.draw(st.sampled_from(b.live))
    order = b.draw(st.permutations(range(len(source.shape))))
    order_of = b.constant(np.array(order, np.int32))
    return b.node(Transpose(), [source, order_of], source.quant)


def pad(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) > 0)
    if source is None:
        return None
    table = b.constant(b.rng.integers(0, 3, (len(source.shape), 2)))
    if b.draw(st.booleans()):
        return b.node(Pad(), [source, table], source.quant)
    border = b.add((1,), source.quant, b.rng.integers(-128, 128, 1))
    return b.node(PadV2(), [source, table, border], source.quant)


def strided_slice(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) > 0)
    if source is None:
        return None
    begins = [int(b.rng.integers(0, d)) for d in source.shape]
    strides = [int(s) for s in b.rng.integers(1, 3, len(source.shape))]
    ends = [b.constant(v) for v in (begins, list(source.shape), strides)]
    return b.node(StridedSlice(0, 0, 0), [source, *ends], source.quant)


def concatenation(b: Builder) -> Tensor | None:
    source = b.source(lambda t: len(t.shape) > 0)
    if source is None:
        return None
    axis = b.draw(st.integers(-len(source.shape), len(source.shape) - 1))
    alike = [t for t in b.live if (t.shape, t.quant) == (source.shape, source.quant)]
    parts = b.draw(st.lists(st.sampled_from(alike), min_size=1, max_size=3))
    return b.node(Concatenation(axis), parts, source.quant)


OPERATORS: tuple[Callable[[Builder], Tensor | None], ...] = (
    *COPIES,
    *NUMBERS,
    *PRODUCTS,
    table,
    float_island,
    constant_table,
    softmax,
    binary,
    conv_2d,
    depthwise_conv_2d,
    fully_connected,
    pool,
    mean,
    reshape,
    computed_reshape,
    squeeze,
    expand_dims,
    transpose,
    pad,
    strided_slice,
    concatenation,
    lstm,
    svdf,
)
