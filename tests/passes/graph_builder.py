"""A random graph as it grows: what the drawn operators have to work with."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from hypothesis import strategies as st

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Op, Operands, Quant, Shape, State, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.quantize import Quantize
from tinygen.ops.relu import Relu
from tinygen.ops.shape_arithmetic import ShapeOf
from tinygen.ops.spatial import Border, Padding

_MAX_ELEMENTS = 1500


def random_values(tensor: Tensor, rng: np.random.Generator) -> Array:
    """Values over the tensor's whole range: now and then one of its ends only."""
    if tensor.dtype is DType.FLOAT32:
        return rng.normal(0.0, 4.0, tensor.shape).astype(np.float32)
    low, high = tensor.dtype.low, tensor.dtype.high
    if rng.integers(4) == 0:
        return rng.choice([low, high], tensor.shape).astype(tensor.dtype.numpy)
    return rng.integers(low, high, tensor.shape, tensor.dtype.numpy, endpoint=True)


class Builder:
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
        self.append(op, inputs, output)
        return output

    def parts(
        self, op: Op, inputs: Sequence[Tensor], quant: Quant | None, count: int
    ) -> tuple[Tensor, ...]:
        """A node with several outputs."""
        stand_ins = (Tensor(ABSENT, "", (), DType.INT8, quant),) * count
        shapes = op.infer(Operands(tuple(inputs), stand_ins, op.kind))
        outputs = tuple(self.add(shape, quant) for shape in shapes)
        self.append(op, inputs, *outputs)
        return outputs

    def append(self, op: Op, inputs: Sequence[Tensor | None], *outputs: Tensor) -> None:
        ids = tuple(ABSENT if t is None else t.id for t in inputs)
        self.nodes.append(Node(op, ids, tuple(t.id for t in outputs)))
        if self.varying.intersection(ids) and not isinstance(op, ShapeOf):
            self.varying.update(t.id for t in outputs)

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

    def operator(self, makers: Sequence[Callable[[Builder], Tensor | None]]) -> None:
        """One more node, by one of these; what comes out too large is read by nobody."""
        made = self.draw(st.sampled_from(makers))(self)
        if made is not None and 0 < made.elements <= _MAX_ELEMENTS:
            self.live.append(made)

    def _relu(self, source: Tensor) -> Tensor:
        return self.node(Relu(), [source], self.quant())
