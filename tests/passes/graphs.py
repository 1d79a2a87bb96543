"""Random whole int8 graphs, for laws that hold for every model: passes, facts, the plan.

    @given(graphs())
    def test_law(graph): values = interpret.run(graph, inputs_of(graph, seed=0))

Every graph passes `Graph.verify` and can be lowered: operators with random attributes, weights
and quantizations over small tensors, nodes that nobody reads, nodes of constants only, shapes
that are computed, and, where asked for, float edges and state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Op, Operands, Quant, Shape, State, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.expand_dims import ExpandDims
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.leaky_relu import LeakyRelu
from tinygen.ops.logistic import Logistic
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.mean import Mean
from tinygen.ops.mul import Mul
from tinygen.ops.pad import Pad, PadV2
from tinygen.ops.quantize import Quantize
from tinygen.ops.relu import Relu
from tinygen.ops.relu6 import Relu6
from tinygen.ops.reshape import Reshape
from tinygen.ops.shape_arithmetic import Pack, ShapeOf
from tinygen.ops.softmax import Softmax
from tinygen.ops.spatial import Border, Padding
from tinygen.ops.squeeze import Squeeze
from tinygen.ops.strided_slice import StridedSlice
from tinygen.ops.sub import Sub
from tinygen.ops.tanh import Tanh
from tinygen.ops.transpose import Transpose

_MAX_ELEMENTS = 1500
_SIXTEENTH = Quant((1.0 / 256.0,), (-128,))


def inputs_of(graph: Graph, seed: int) -> list[Array]:
    """Random values for the graph's inputs."""
    rng = np.random.default_rng(seed)
    return [random_values(graph.tensors[i], rng) for i in graph.inputs]


def random_values(tensor: Tensor, rng: np.random.Generator) -> Array:
    """Values over the tensor's whole range: now and then one of its ends only."""
    if tensor.dtype is DType.FLOAT32:
        return rng.normal(0.0, 4.0, tensor.shape).astype(np.float32)
    low, high = tensor.dtype.low, tensor.dtype.high
    if rng.integers(4) == 0:
        return rng.choice([low, high], tensor.shape).astype(tensor.dtype.numpy)
    return rng.integers(low, high, tensor.shape, tensor.dtype.numpy, endpoint=True)


@st.composite
def graphs(draw: st.DrawFn, *, float_edges: bool = True, states: bool = True) -> Graph:
    """A graph of one to eight random operators; `float_edges` and `states` may occur."""
    builder = _Builder(draw)
    for _ in range(draw(st.integers(1, 2))):
        builder.input(float_edges)
    state = builder.state() if states and draw(st.booleans()) else None
    for _ in range(draw(st.integers(1, 8))):
        builder.operator()
    return builder.graph(state, float_edges)


class _Builder:
    """A graph as it grows; every draw comes from Hypothesis, so that failures shrink."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.rng = np.random.default_rng(draw(st.integers(0, 1 << 16)))
        self.tensors: list[Tensor] = []
        self.nodes: list[Node] = []
        self.inputs: list[int] = []
        self.live: list[Tensor] = []
        """int8 tensors that an operator may read."""
        self.varying: set[int] = set()
        """Tensors that depend on an input or a state: only they can be outputs."""

    # Tensors and nodes

    def add(
        self, shape: Shape, quant: Quant | None, data: Array | None = None, **kind: DType
    ) -> Tensor:
        number = len(self.tensors)
        dtype = kind.get("dtype", DType.INT8)
        if data is not None:
            data = np.array(data, dtype.numpy, order="C")
        self.tensors.append(Tensor(number, f"t{number}", shape, dtype, quant, data))
        return self.tensors[-1]

    def constant(self, values: object, dtype: DType = DType.INT32) -> Tensor:
        data = np.asarray(values, dtype.numpy)
        return self.add(data.shape, None, data, dtype=dtype)

    def node(
        self,
        op: Op,
        inputs: Sequence[Tensor | None],
        quant: Quant | None,
        dtype: DType = DType.INT8,
    ) -> Tensor:
        stand_in = Tensor(ABSENT, "", (), dtype, quant)
        (shape,) = op.infer(Operands(tuple(inputs), (stand_in,), op.kind))
        output = self.add(shape, quant, dtype=dtype)
        self._append(op, inputs, output)
        return output

    def _append(self, op: Op, inputs: Sequence[Tensor | None], output: Tensor) -> None:
        ids = tuple(ABSENT if t is None else t.id for t in inputs)
        self.nodes.append(Node(op, ids, (output.id,)))
        if self.varying.intersection(ids) and not isinstance(op, ShapeOf):
            self.varying.add(output.id)

    # Draws

    def quant(self) -> Quant:
        scale = self.draw(st.sampled_from([0.02, 0.05, 0.13, 0.4]))
        point = self.draw(st.sampled_from([-128, -100, -5, 0, 3, 90, 127]))
        return Quant((float(np.float32(scale)),), (point,))

    def activation(self) -> Activation:
        return self.draw(st.sampled_from(list(Activation)))

    def shape(self) -> Shape:
        sizes = st.integers(1, 6)
        if self.draw(st.booleans()):
            return (1, self.draw(sizes), self.draw(sizes), self.draw(st.integers(1, 5)))
        return tuple(self.draw(st.lists(sizes, min_size=1, max_size=3)))

    def source(self, wanted: Callable[[Tensor], bool] = lambda _: True) -> Tensor | None:
        fitting = [t for t in self.live if wanted(t)]
        return self.draw(st.sampled_from(fitting)) if fitting else None

    def image(self) -> Tensor | None:
        return self.source(lambda t: len(t.shape) == 4)

    def border(self, taps: tuple[int, int] = (3, 3)) -> Padding | Border:
        if self.draw(st.booleans()):
            return Padding.SAME
        sides = [self.draw(st.integers(0, taps[i // 2] - 1)) for i in range(4)]
        return Border(*sides)

    # Edges

    def input(self, float_edges: bool) -> None:
        shape, quant = self.shape(), self.quant()
        if float_edges and self.draw(st.booleans()):
            real = self.add(shape, None, dtype=DType.FLOAT32)
            self.inputs.append(real.id)
            self.varying.add(real.id)
            self.live.append(self.node(Quantize(), [real], quant))
            return
        self.live.append(self.add(shape, quant))
        self.inputs.append(self.live[-1].id)
        self.varying.add(self.live[-1].id)

    def state(self) -> Tensor:
        like = self.draw(st.sampled_from(self.live))
        read = self.add(like.shape, self.quant())
        self.live.append(read)
        self.varying.add(read.id)
        return read

    def graph(self, state: Tensor | None, float_edges: bool) -> Graph:
        kept: tuple[State, ...] = ()
        if state is not None:
            other = self.source(lambda t: t.shape == state.shape and t is not state)
            assert other is not None
            written = self.node(Add(Activation.NONE), [state, other], state.quant)
            kept = (State(state.id, written.id, random_values(state, self.rng)),)
        made = [t for t in self.live if t.id in self.varying and t.id not in self.inputs]
        candidates = [t for t in made if t is not state] or [self._relu(self.live[0])]
        outputs = self.draw(
            st.lists(st.sampled_from(candidates), min_size=1, max_size=2, unique_by=lambda t: t.id)
        )
        ids = [self._edge(output, float_edges).id for output in outputs]
        tensors = {t.id: t for t in self.tensors}
        graph = Graph("random", tensors, tuple(self.nodes), tuple(self.inputs), tuple(ids), kept)
        graph.verify()
        return graph

    def _edge(self, output: Tensor, float_edges: bool) -> Tensor:
        if float_edges and self.draw(st.booleans()):
            return self.node(Dequantize(), [output], None, DType.FLOAT32)
        return output

    # Operators

    def operator(self) -> None:
        make = self.draw(st.sampled_from(_OPERATORS))
        made = make(self)
        if made is not None and 0 < made.elements <= _MAX_ELEMENTS:
            self.live.append(made)

    def _relu(self, source: Tensor) -> Tensor:
        return self.node(Relu(), [source], self.quant())

    def table(self) -> Tensor | None:
        source = self.draw(st.sampled_from(self.live))
        fixed: dict[Op, Quant] = {Logistic(): _SIXTEENTH, Tanh(): Quant((1.0 / 128.0,), (0,))}
        free: list[Op] = [Relu(), Relu6(), HardSwish(), LeakyRelu(0.3), LeakyRelu(-1.5), Quantize()]
        op = self.draw(st.sampled_from([*fixed, *free]))
        return self.node(op, [source], fixed.get(op) or self.quant())

    def constant_table(self) -> Tensor | None:
        """A node whose result is known beforehand."""
        shape, quant = self.shape(), self.quant()
        data = random_values(Tensor(ABSENT, "", shape, DType.INT8), self.rng)
        return self.node(Relu(), [self.add(shape, quant, data)], self.quant())

    def softmax(self) -> Tensor | None:
        source = self.source(lambda t: len(t.shape) > 0)
        return source and self.node(Softmax(1.0), [source], _SIXTEENTH)

    def binary(self) -> Tensor | None:
        a = self.draw(st.sampled_from(self.live))
        kind = self.draw(st.sampled_from([Add, Sub, Mul]))
        others = [t for t in self.live if t.shape == a.shape]
        b = self.draw(st.sampled_from([*others, None]))
        if b is None:
            shape = self.draw(st.sampled_from([(), (1,), a.shape[-1:]]))
            scalar = Tensor(ABSENT, "", shape, DType.INT8)
            b = self.add(shape, self.quant(), random_values(scalar, self.rng))
        pair = [a, b] if self.draw(st.booleans()) else [b, a]
        return self.node(kind(self.activation()), pair, self.quant())

    def _weights(self, shape: Shape, axis: int) -> Tensor:
        count = shape[axis] if self.draw(st.booleans()) else 1
        scales = tuple(float(np.float32(s)) for s in self.rng.uniform(0.002, 0.02, count))
        data = self.rng.integers(-128, 127, shape, np.int8, endpoint=True)
        if self.draw(st.booleans()):
            np.moveaxis(data, axis, 0)[0] = 0  # a channel whose sum is its bias
        return self.add(shape, Quant(scales, (0,) * count, axis), data)

    def _bias(self, channels: int) -> Tensor | None:
        reach = self.draw(st.sampled_from([0, 1 << 10, 1 << 16, 1 << 30]))
        if not reach:
            return None
        return self.constant(self.rng.integers(-reach, reach, channels))

    def conv_2d(self) -> Tensor | None:
        image = self.image()
        if image is None:
            return None
        groups = self.draw(st.sampled_from([g for g in (1, 2, 3) if image.shape[3] % g == 0]))
        taps = (self.draw(st.integers(1, 3)), self.draw(st.integers(1, 3)))
        channels = groups * self.draw(st.integers(1, 4))
        dilation = self.draw(st.sampled_from([1, 1, 2]))
        border = Padding.SAME if dilation > 1 else self._fitting(image, taps)
        op = Conv2D(border, *self._strides(), dilation, dilation, self.activation())
        weights = self._weights((channels, *taps, image.shape[3] // groups), 0)
        return self.node(op, [image, weights, self._bias(channels)], self.quant())

    def depthwise_conv_2d(self) -> Tensor | None:
        image = self.image()
        if image is None:
            return None
        taps = (self.draw(st.integers(1, 3)), self.draw(st.integers(1, 3)))
        channels = image.shape[3] * self.draw(st.integers(1, 2))
        op = DepthwiseConv2D(
            self._fitting(image, taps), *self._strides(), activation=self.activation()
        )
        weights = self._weights((1, *taps, channels), 3)
        return self.node(op, [image, weights, self._bias(channels)], self.quant())

    def fully_connected(self) -> Tensor | None:
        source = self.source(lambda t: len(t.shape) > 0)
        if source is None:
            return None
        keep, units = self.draw(st.booleans()), self.draw(st.integers(1, 6))
        weights = self._weights((units, source.shape[-1]), 0)
        op = FullyConnected(self.activation(), keep)
        return self.node(op, [source, weights, self._bias(units)], self.quant())

    def pool(self) -> Tensor | None:
        image = self.image()
        if image is None:
            return None
        taps = (self.draw(st.integers(1, 3)), self.draw(st.integers(1, 3)))
        kind = self.draw(st.sampled_from([AveragePool2D, MaxPool2D]))
        op = kind(self._fitting(image, taps), *self._strides(), *taps, self.activation())
        return self.node(op, [image], image.quant)

    def _strides(self) -> tuple[int, int]:
        return self.draw(st.integers(1, 3)), self.draw(st.integers(1, 2))

    def _fitting(self, image: Tensor, taps: tuple[int, int]) -> Padding | Border:
        """A border with which the window fits into the image."""
        border = self.border(taps)
        if isinstance(border, Border):
            height = image.shape[1] + border.top + border.bottom
            width = image.shape[2] + border.left + border.right
            return border if taps[0] <= height and taps[1] <= width else Padding.SAME
        return border

    def mean(self) -> Tensor | None:
        source = self.draw(st.sampled_from(self.live))
        rank = len(source.shape)
        axes = self.draw(st.lists(st.integers(0, max(0, rank - 1)), max_size=rank, unique=True))
        axes_of = self.constant(np.array(axes, np.int32))
        return self.node(Mean(self.draw(st.booleans())), [source, axes_of], self.quant())

    def reshape(self) -> Tensor | None:
        source = self.draw(st.sampled_from(self.live))
        shapes = [(source.elements,), (1, -1), (-1, source.shape[-1] if source.shape else 1)]
        shape = self.constant(self.draw(st.sampled_from(shapes)))
        return self.node(Reshape(None), [source, shape], source.quant)

    def computed_reshape(self) -> Tensor | None:
        """The shape as Keras computes it for Flatten: the first dimension kept, the rest joined."""
        source = self.source(lambda t: len(t.shape) > 0)
        if source is None:
            return None
        shape = self.node(ShapeOf(), [source], None, DType.INT32)
        ends = [self.constant([i]) for i in (0, 1, 1)]
        first = self.node(StridedSlice(0, 0, 1), [shape, *ends], None, DType.INT32)
        rest = self.constant(-1)
        packed = self.node(Pack(0), [first, rest], None, DType.INT32)
        declared = Tensor(
            ABSENT, "", (source.shape[0], source.elements // source.shape[0]), DType.INT8
        )
        output = self.add(declared.shape, source.quant)
        self._append(Reshape(None), [source, packed], output)
        return output

    def squeeze(self) -> Tensor | None:
        source = self.draw(st.sampled_from(self.live))
        return self.node(Squeeze(()), [source], source.quant)

    def expand_dims(self) -> Tensor | None:
        source = self.source(lambda t: len(t.shape) < 4)
        if source is None:
            return None
        axis = self.constant(self.draw(st.integers(-1, len(source.shape))))
        return self.node(ExpandDims(), [source, axis], source.quant)

    def transpose(self) -> Tensor | None:
        source = self.draw(st.sampled_from(self.live))
        order = self.draw(st.permutations(range(len(source.shape))))
        order_of = self.constant(np.array(order, np.int32))
        return self.node(Transpose(), [source, order_of], source.quant)

    def pad(self) -> Tensor | None:
        source = self.source(lambda t: len(t.shape) > 0)
        if source is None:
            return None
        table = self.constant(self.rng.integers(0, 3, (len(source.shape), 2)))
        if self.draw(st.booleans()):
            return self.node(Pad(), [source, table], source.quant)
        border = self.add((1,), source.quant, self.rng.integers(-128, 128, 1))
        return self.node(PadV2(), [source, table, border], source.quant)

    def strided_slice(self) -> Tensor | None:
        source = self.source(lambda t: len(t.shape) > 0)
        if source is None:
            return None
        begins = [int(self.rng.integers(0, d)) for d in source.shape]
        strides = [int(s) for s in self.rng.integers(1, 3, len(source.shape))]
        ends = [self.constant(v) for v in (begins, list(source.shape), strides)]
        return self.node(StridedSlice(0, 0, 0), [source, *ends], source.quant)

    def concatenation(self) -> Tensor | None:
        source = self.source(lambda t: len(t.shape) > 0)
        if source is None:
            return None
        axis = self.draw(st.integers(-len(source.shape), len(source.shape) - 1))
        alike = [t for t in self.live if (t.shape, t.quant) == (source.shape, source.quant)]
        parts = self.draw(st.lists(st.sampled_from(alike), min_size=1, max_size=3))
        return self.node(Concatenation(axis), parts, source.quant)


_OPERATORS: tuple[Callable[[_Builder], Tensor | None], ...] = (
    _Builder.table,
    _Builder.constant_table,
    _Builder.softmax,
    _Builder.binary,
    _Builder.conv_2d,
    _Builder.depthwise_conv_2d,
    _Builder.fully_connected,
    _Builder.pool,
    _Builder.mean,
    _Builder.reshape,
    _Builder.computed_reshape,
    _Builder.squeeze,
    _Builder.expand_dims,
    _Builder.transpose,
    _Builder.pad,
    _Builder.strided_slice,
    _Builder.concatenation,
)
