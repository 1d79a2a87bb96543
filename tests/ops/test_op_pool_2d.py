"""AVERAGE_POOL_2D and MAX_POOL_2D: kernel = reference = TFLM on edge and random geometries."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Operands
from tinygen.ops.activation import Activation
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.pool import Pool2D
from tinygen.ops.spatial import Padding

Pair = tuple[int, int]
POOLS = (AveragePool2D, MaxPool2D)


def pool(
    type_: type[Pool2D],
    name: str,
    image: tuple[int, int, int] = (6, 6, 3),
    window: Pair = (2, 2),
    stride: Pair = (2, 2),
    padding: Padding = Padding.VALID,
    activation: Activation = Activation.NONE,
    *,
    batches: int = 1,
    scale: float = 0.05,
    zero_point: int = -7,
    seed: int = 0,
) -> Case:
    return case(
        type_(padding, *stride, *window, activation),
        [int8((batches, *image), scale, zero_point)],
        [int8(scale=scale, zero_point=zero_point)],
        name=f"{type_.kind} {name}",
        options={
            "padding": padding.value,
            "strideH": stride[0],
            "strideW": stride[1],
            "filterHeight": window[0],
            "filterWidth": window[1],
            "fusedActivationFunction": activation.value,
        },
        seed=seed,
    )


def _edges(type_: type[Pool2D]) -> list[Case]:
    same = Padding.SAME
    return [
        pool(type_, "plain"),
        pool(type_, "one pixel", (1, 1, 5), (1, 1), (1, 1)),
        pool(type_, "global", (5, 4, 7), (5, 4)),
        pool(type_, "overlapping", (5, 6, 2), (3, 3), (1, 1)),
        pool(type_, "overlapping, padded", (5, 6, 1), (3, 4), (1, 1), same),
        pool(type_, "window larger than the image", (2, 3, 3), (7, 8), (1, 1), same),
        pool(type_, "stride larger than the window", (9, 7, 2), (2, 1), (4, 3), same),
        pool(type_, "stride larger than the image", (3, 2, 2), (2, 2), (5, 7), same),
        pool(type_, "columns only", (3, 8, 4), (1, 3), (1, 2), same),
        pool(type_, "two batches", (4, 4, 3), batches=2),
        pool(type_, "relu", activation=Activation.RELU),
        pool(type_, "relu6, lowest", activation=Activation.RELU6, zero_point=-128),
        pool(type_, "relu n1 to 1", activation=Activation.RELU_N1_TO_1, zero_point=127),
        pool(type_, "coarse scale", activation=Activation.RELU6, scale=20.0, zero_point=0),
        pool(type_, "tie in float32 only", activation=Activation.RELU6, scale=2.4, zero_point=0),
    ]


def random_case(type_: type[Pool2D], seed: int) -> Case:
    rng = np.random.default_rng(4000 + seed)
    window = (int(rng.integers(1, 6)), int(rng.integers(1, 6)))
    padding = Padding(int(rng.integers(0, 2)))
    low = window if padding is Padding.VALID else (1, 1)
    return pool(
        type_,
        f"random {seed}",
        (
            int(rng.integers(low[0], low[0] + 8)),
            int(rng.integers(low[1], low[1] + 8)),
            int(rng.integers(1, 10)),
        ),
        window,
        (int(rng.integers(1, 5)), int(rng.integers(1, 5))),
        padding,
        Activation(int(rng.integers(0, 4))),
        zero_point=int(rng.integers(-128, 128)),
        seed=seed,
    )


CASES = tuple(
    one
    for type_ in POOLS
    for one in (*_edges(type_), *(random_case(type_, seed) for seed in range(12)))
)


def test_pool_2d_kernels_equal_reference(tmp_path: Path) -> None:
    check(CASES, tmp_path)


def test_pool_2d_references_equal_tflm() -> None:
    check_against_tflm(CASES)


def test_average_pool_2d_rounds_half_away_from_zero() -> None:
    values = np.array([[[[1], [2]], [[-1], [-2]], [[0], [1]], [[0], [-1]]]], np.int8)
    one = pool(AveragePool2D, "", (4, 2, 1), (1, 2), (1, 2), zero_point=0)
    (output,) = one.op.reference(one.io, [values])
    assert output.reshape(-1).tolist() == [2, -2, 1, -1]


@pytest.mark.parametrize("type_", POOLS)
def test_pool_2d_refuses_a_change_of_quantization(type_: type[Pool2D]) -> None:
    op = type_(Padding.VALID, 1, 1, 2, 2)
    for output in (int8(scale=0.06, zero_point=3), int8(scale=0.05, zero_point=4)):
        one = case(op, [int8((1, 4, 4, 1), 0.05, 3)], [output])
        with pytest.raises(UnsupportedModel, match="quantizations differ"):
            op.lower(one.io)


@pytest.mark.parametrize("shape", [(4, 4, 1), (1, 4, 0, 1), (1, 1, 4, 1)])
def test_pool_2d_refuses_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(UnsupportedModel):
        AveragePool2D(Padding.VALID, 1, 1, 2, 2).infer(Operands((int8(shape),), ()))
