"""Random cases of layers with weights, pools, means, softmax, and ADD, SUB and MUL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from tests.ops import (
    test_op_conv_2d,
    test_op_depthwise_conv_2d,
    test_op_fully_connected,
    test_op_mean,
    test_op_pool_2d,
    test_op_softmax,
)
from tests.ops.drawn_moves import Draw, Rng, quant, shape
from tests.ops.drawn_numbers import pair_of_shapes
from tests.ops.drawn_plain import or_whole
from tests.ops.harness import Case, case, int8
from tests.ops.weighted_cases import bias_of, output_of
from tinygen.ir import Op
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.elementwise import Elementwise
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.mul import Mul
from tinygen.ops.softmax import Softmax
from tinygen.ops.sub import Sub


def of_seed(draw: Callable[[int], Case], rng: Rng) -> Case:
    """A case of a test of its own."""
    return draw(int(rng.integers(1 << 30)))


def arithmetic(kind: type[Elementwise], rng: Rng) -> Case:
    shapes, activation = pair_of_shapes(rng), list(Activation)[int(rng.integers(4))]
    constant = int(rng.integers(4))
    inputs = [
        int8(
            dims,
            *quant(rng),
            data=rng.integers(-128, 128, dims, np.int8) if constant == i and dims else None,
        )
        for i, dims in enumerate(shapes)
    ]
    return case(
        kind(activation),
        inputs,
        [int8((), *quant(rng))],
        options={"fusedActivationFunction": activation.value},
        random_vectors=1,
        seed=int(rng.integers(1 << 30)),
    )


def fully_connected(rng: Rng) -> Case:
    if rng.integers(4):
        return of_seed(test_op_fully_connected.random_case, rng)
    return computed_weights(rng)


def computed_weights(rng: Rng) -> Case:
    """What is multiplied with is computed too."""
    rows, depth, units = (int(n) for n in rng.integers(1, 20, 3))
    activation, keep = list(Activation)[int(rng.integers(4))], bool(rng.integers(2))
    weights = int8((units, depth), 0.01, int(rng.integers(-128, 128)))
    inputs = [int8((rows, depth), 0.05, int(rng.integers(-128, 128))), weights]
    bias = bias_of(weights, units, str(rng.choice(["random", "extreme", "absent"])), rng)
    op: Op = FullyConnected(activation, keep)
    return case(
        op,
        inputs if bias is None else [*inputs, bias],
        [output_of(weights, depth, int(rng.integers(-128, 128)), 1.0)],
        name=f"weights that are computed {rows} {depth} {units}",
        options={"fusedActivationFunction": activation.value, "keepNumDims": keep},
        seed=int(rng.integers(1 << 30)),
    )


def softmax(rng: Rng) -> Case:
    dims = (*shape(rng, 0, 3), int(rng.choice([1, 2, 10, 300])))
    beta = float(np.float32(rng.choice([1.0, 0.25, 2.0])))
    source = int8(dims, float(np.exp(rng.uniform(-7, 3))), int(rng.integers(-128, 128)))
    made = test_op_softmax.shares(dims, wide=bool(rng.integers(2)))
    return case(Softmax(beta), [source], [made], options={"beta": beta})


LAYERS: Mapping[str, Draw] = {
    "ADD": partial(or_whole, "ADD", partial(arithmetic, Add)),
    "SUB": partial(or_whole, "SUB", partial(arithmetic, Sub)),
    "MUL": partial(or_whole, "MUL", partial(arithmetic, Mul)),
    "CONV_2D": partial(of_seed, test_op_conv_2d.random_case),
    "DEPTHWISE_CONV_2D": partial(of_seed, test_op_depthwise_conv_2d.random_case),
    "FULLY_CONNECTED": fully_connected,
    "AVERAGE_POOL_2D": partial(of_seed, partial(test_op_pool_2d.random_case, AveragePool2D)),
    "MAX_POOL_2D": partial(of_seed, partial(test_op_pool_2d.random_case, MaxPool2D)),
    "MEAN": partial(of_seed, test_op_mean.random_case),
    "SOFTMAX": softmax,
}
