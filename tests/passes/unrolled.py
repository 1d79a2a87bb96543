"""Small graphs of equal steps, as an unrolled recurrent layer has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Op, Quant, Shape, State, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.mul import Mul
from tinygen.ops.pack import Pack, Unpack
from tinygen.ops.tanh import Tanh

FEATURES, UNITS = 3, 4
CODES = Quant((0.05,), (3,))
SHOWN = Quant((1 / 128,), (0,))


class Unrolled:
    """A graph that grows by steps: h' = tanh(W x + U h) * gate, with `gate` of the first of the
    input's rows, the same in all steps."""

    def __init__(self, steps: int, *, backwards: bool = False, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.tensors: dict[int, Tensor] = {}
        self.nodes: list[Node] = []
        self.source = self.tensor((steps, 1, FEATURES), CODES)
        self.weights = self.constant((UNITS, FEATURES))
        self.own_weights = self.constant((UNITS, UNITS))
        rows = [self.tensor((1, FEATURES), CODES) for _ in range(steps)]
        self.nodes.append(Node(Unpack(0), (self.source,), tuple(rows)))
        self.rows = rows[::-1] if backwards else rows
        opening = (rows[0], self.constant((UNITS, FEATURES)), ABSENT)
        self.gate = self.node(FullyConnected(Activation.NONE), opening, (1, UNITS), SHOWN)

    def tensor(self, shape: Shape, quant: Quant, data: Array | None = None) -> int:
        number = len(self.tensors)
        self.tensors[number] = Tensor(number, f"t{number}", shape, DType.INT8, quant, data)
        return number

    def constant(self, shape: Shape) -> int:
        """Weights."""
        data = self.rng.integers(-127, 128, shape).astype(np.int8)
        return self.tensor(shape, Quant((0.01,), (0,)), data)

    def node(self, op: Op, inputs: Sequence[int], shape: Shape, quant: Quant) -> int:
        output = self.tensor(shape, quant)
        self.nodes.append(Node(op, tuple(inputs), (output,)))
        return output

    def step(self, row: int, hidden: int, *, scale: float = CODES.scale) -> int:
        """What the layer is after a step; `scale` is that of one tensor in it."""
        product = FullyConnected(Activation.NONE)
        line, inner = (1, UNITS), Quant((scale,), (3,))
        given = self.node(product, (row, self.weights, ABSENT), line, CODES)
        kept = self.node(product, (hidden, self.own_weights, ABSENT), line, CODES)
        both = self.node(Add(Activation.NONE), (given, kept), line, inner)
        shown = self.node(Tanh(), (both,), line, SHOWN)
        return self.node(Mul(Activation.NONE), (shown, self.gate), line, SHOWN)

    def graph(self, outputs: Sequence[int], states: Sequence[State] = ()) -> Graph:
        inputs, ends = (self.source,), (tuple(outputs), tuple(states))
        made = Graph("steps", self.tensors, tuple(self.nodes), inputs, *ends)
        made.verify()
        return made


def layer(
    steps: int,
    *,
    backwards: bool = False,
    every: bool = False,
    constant: bool = True,
    odd: int | None = None,
) -> Graph:
    """A layer that begins with zeros, or with what it was left as; it tells of its last step, or of
    `every`. The step `odd` has another scale."""
    b = Unrolled(steps, backwards=backwards)
    zeros = np.zeros((1, UNITS), np.int8)
    first = hidden = b.tensor((1, UNITS), SHOWN, zeros if constant else None)
    told = []
    for number, row in enumerate(b.rows):
        hidden = b.step(row, hidden, scale=0.04 if number == odd else CODES.scale)
        told.append(hidden)
    outputs = [hidden]
    if every:
        outputs = [b.node(Pack(1), told, (1, steps, UNITS), SHOWN), told[1]]
    return b.graph(outputs, () if constant else [State(first, hidden, zeros)])
