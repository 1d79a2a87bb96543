"""TRANSPOSE_CONV and BATCH_MATMUL: kernel = reference = TFLM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import FEW, check_drawn, drawn
from tests.ops.drawn_products import deconvolution, product
from tests.ops.harness import case, check, int8, int32
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Shape
from tinygen.ops.activation import Activation
from tinygen.ops.batch_matmul import BatchMatmul
from tinygen.ops.spatial import Padding
from tinygen.ops.transpose_conv import TransposeConv

KINDS = ("TRANSPOSE_CONV", "BATCH_MATMUL")
RNG = np.random.default_rng(7)
SAME = Padding.SAME

DECONVOLUTIONS = (
    deconvolution((1, 3, 4, 5), (3, 3), (2, 2), 6, RNG, padding=SAME),
    deconvolution((1, 3, 4, 5), (2, 2), (2, 2), 4, RNG, padding=SAME, activation=Activation.RELU),
    deconvolution((1, 3, 4, 2), (4, 4), (2, 2), 9, RNG, padding=SAME, bias="extreme"),
    deconvolution((2, 3, 3, 3), (5, 4), (3, 2), 3, RNG, bias="absent", per_tensor=True),
    deconvolution((1, 2, 2, 3), (1, 1), (3, 3), 5, RNG),  # outputs that no tap reaches
    deconvolution((1, 1, 9, 4), (1, 3), (1, 2), 7, RNG, padding=SAME),
    deconvolution((1, 3, 3, 2), (3, 3), (1, 1), 4, RNG, padding=SAME),
    deconvolution((1, 1, 1, 8), (4, 4), (4, 4), 5, RNG),
    deconvolution((1, 3, 4, 5), (3, 3), (2, 2), 6, RNG, padding=SAME, size=(5, 7)),  # an odd size
    deconvolution((1, 3, 4, 5), (3, 3), (2, 2), 6, RNG, size=(12, 11)),  # a border beyond all taps
    deconvolution((1, 4, 4, 5), (3, 3), (2, 2), 6, RNG, size=(5, 4)),  # inputs that reach nothing
)
MATRICES = (
    product((3, 4), (4, 5), RNG),
    product((1, 1), (1, 1), RNG),
    product((2, 3, 4), (4, 5), RNG),
    product((3, 4), (2, 4, 5), RNG),
    product((2, 1, 3, 4), (1, 2, 4, 5), RNG),
    product((2, 2, 4, 3), (1, 1, 5, 4), RNG, transposed=(True, True)),
    product((5, 2, 2, 3, 4), (5, 1, 2, 4, 5), RNG),
    product((1, 6, 20), (1, 20, 3), RNG, constant=True),
    product((2, 3, 50), (2, 4, 50), RNG, transposed=(False, True), scale=1e-4),  # a left shift
)
EDGES = (*DECONVOLUTIONS, *MATRICES)


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm(EDGES)


def test_random_cases_equal_tflm() -> None:
    check_drawn(KINDS, 20)


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *drawn(KINDS, FEW)], tmp_path)


@pytest.mark.parametrize(
    ("a", "b", "transposed"),
    [
        ((3, 4), (5, 4), (False, False)),
        ((3, 4), (4, 5), (True, False)),
        ((2, 3, 4), (3, 4, 5), (False, False)),
        ((4,), (4, 5), (False, False)),
    ],
)
def test_matrices_that_do_not_fit_are_refused(
    a: Shape, b: Shape, transposed: tuple[bool, bool]
) -> None:
    with pytest.raises(UnsupportedModel, match="BATCH_MATMUL"):
        product(a, b, RNG, transposed=transposed)


@pytest.mark.parametrize("shape", [(1, 4, 4, 3), (2, 4, 4, 2), (1, 0, 4, 2), (4, 4, 2)])
def test_impossible_outputs_are_refused(shape: Shape) -> None:
    inputs = [
        int32(np.array(shape)),
        int8(data=np.zeros((2, 2, 2, 3), np.int8)),
        int8((1, 2, 2, 3)),
    ]
    with pytest.raises(UnsupportedModel, match="TRANSPOSE_CONV"):
        case(TransposeConv(SAME, 2, 2), inputs, [int8()])


def test_weights_with_a_zero_point_are_refused() -> None:
    weights = int8(data=np.zeros((2, 2, 2, 3), np.int8), zero_point=3)
    inputs = [int32(np.array((1, 4, 4, 2))), weights, int8((1, 2, 2, 3))]
    one = case(TransposeConv(SAME, 2, 2), inputs, [int8()], values=[])
    with pytest.raises(UnsupportedModel, match="have a zero point"):
        one.op.lower(one.io)


def test_what_they_multiply_is_counted() -> None:
    first, second = DECONVOLUTIONS[0], MATRICES[2]
    assert first.op.macs(first.io) == 3 * 4 * 5 * 6 * 9
    assert second.op.macs(second.io) == 2 * 3 * 4 * 5
    assert isinstance(second.op, BatchMatmul)
