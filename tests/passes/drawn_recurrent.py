"""Operators that remember in a random graph: see `drawn_operators`."""

from __future__ import annotations

import numpy as np

from tests.passes.graph_builder import Builder
from tinygen.ir import DType, Quant, Shape, Tensor
from tinygen.ops.reshape import Reshape
from tinygen.ops.svdf import Svdf
from tinygen.ops.unidirectional_sequence_lstm import UnidirectionalSequenceLstm

_MOST_STEPS = 40
_CELL = Quant((2.0**-11,), (0,))
_HIDDEN = Quant((float(np.float32(0.007)),), (-3,))


def lstm(b: Builder) -> Tensor | None:
    """Over all elements of a tensor as so many steps, from a state that is a constant."""
    source = b.source(lambda t: 0 < t.elements <= _MOST_STEPS)
    if source is None:
        return None
    units = 3
    shape = b.constant([1, source.elements, 1])
    steps = b.node(Reshape(None), [source, shape], source.quant)

    def weights(shape: Shape) -> Tensor:
        scale = float(np.float32(b.rng.uniform(0.002, 0.04)))
        return b.add(shape, Quant((scale,), (0,)), b.rng.integers(-127, 128, shape))

    of_input = [weights((units, 1)) for _ in range(4)]
    of_hidden = [weights((units, units)) for _ in range(4)]
    biases = [
        b.add(
            (units,),
            Quant((float(np.float32(steps.q.scale * gate.q.scale)),), (0,)),
            b.rng.integers(-9000, 9000, units),
            dtype=DType.INT32,
        )
        for gate in of_input
    ]
    hidden = b.add((1, units), _HIDDEN, b.rng.integers(-128, 128, (1, units)))
    cell = b.add((1, units), _CELL, b.rng.integers(-9000, 9000, (1, units)), dtype=DType.INT16)
    inputs = [steps, *of_input, *of_hidden, *[None] * 3, *biases, *[None] * 2, hidden, cell]
    made = b.add((1, source.elements, units), _HIDDEN)
    b.append(
        UnidirectionalSequenceLstm(0.0, False),
        [*inputs, *[None] * 4],
        made,
        b.add((1, units), _HIDDEN),
        b.add((1, units), _CELL, dtype=DType.INT16),
    )
    return made


def svdf(b: Builder) -> Tensor | None:
    """Over a matrix, from a state that is a constant."""
    source = b.source(lambda t: len(t.shape) == 2)
    if source is None:
        return None
    batches, features = source.shape
    units, rank, memory = 2, int(b.rng.integers(1, 4)), int(b.rng.integers(1, 5))
    filters = units * rank
    wide = bool(b.rng.integers(2))
    kept, dtype = Quant((0.02,), (0 if wide else 5,)), DType.INT16 if wide else DType.INT8
    weights = b.add(
        (filters, features), Quant((0.01,), (0,)), b.rng.integers(-127, 128, (filters, features))
    )
    time = b.add(
        (filters, memory),
        Quant((0.003,), (0,)),
        b.rng.integers(-127, 128, (filters, memory)),
        dtype=dtype,
    )
    bias = b.add(
        (units,), Quant((0.02 * 0.003,), (0,)), b.rng.integers(-999, 999, units), dtype=DType.INT32
    )
    state = (batches, memory * filters)
    before = b.add(state, kept, b.rng.integers(-128, 128, state), dtype=dtype)
    made = b.add((batches, units), b.quant())
    left = b.add(state, kept, dtype=dtype)
    b.append(Svdf(rank), [source, weights, time, bias, before], made, left)
    return made
