"""GATHER_ND, DYNAMIC_UPDATE_SLICE and EMBEDDING_LOOKUP at places that are data: kernel = reference
= TFLM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import FEW, check_drawn, drawn
from tests.ops.drawn_places import PLACES
from tests.ops.harness import Case, case, check, int8, int32, random_array, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Shape
from tinygen.ops.dynamic_update_slice import DynamicUpdateSlice
from tinygen.ops.embedding_lookup import EmbeddingLookup
from tinygen.ops.gather import GatherNd

RNG = np.random.default_rng(3)
Q = (0.1, 7)


def updated(whole: Shape, part: Shape, starts: list[int], dtype: DType = DType.INT8) -> Case:
    scale = 0.1 if dtype is DType.INT8 else None
    first, second = (tensor(s, dtype, scale=scale) for s in (whole, part))
    given = [random_array(s, dtype, RNG) for s in (whole, part)]
    return case(
        DynamicUpdateSlice(),
        [first, second, tensor((len(starts),), DType.INT32)],
        [tensor((), dtype, scale=scale)],
        name=f"{part} of {whole} at {starts}",
        options={},
        values=[[*given, np.array(starts, np.int32)]],
    )


def spots(shape: Shape, *positions: list[int]) -> Case:
    indices = np.array(positions, np.int32)
    return case(
        GatherNd(),
        [int8(shape, *Q), tensor(indices.shape, DType.INT32)],
        [int8((), *Q)],
        name=f"{positions} of {shape}",
        options={},
        values=[[random_array(shape, DType.INT8, RNG), indices]],
    )


EDGES = (
    updated((7,), (3,), [-9]),
    updated((7,), (3,), [9]),
    updated((2, 3, 2, 2, 3, 2), (1, 2, 2, 1, 2, 1), [1, 0, 0, 1, 1, 1]),
    updated((3, 4), (3, 4), [2, 2]),  # all of it, wherever it is said to begin
    updated((3, 4), (1, 2), [1, 1], DType.INT32),
    updated((3, 4), (1, 2), [1, 1], DType.FLOAT32),
    spots((4, 3, 2), [3], [0], [3]),
    spots((4, 3, 2), [3, 2, 1]),
    spots((1, 2, 1, 2, 3), [0, 1, 0, 1, 2], [0, 0, 0, 0, 0]),
)
"""Equal to TFLM too."""
OUTSIDE = (spots((4, 3), [9, 1], [-2, 2]),)
"""Positions that no runtime defines."""


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm(EDGES)


def test_random_cases_equal_tflm() -> None:
    check_drawn(tuple(PLACES), 12)


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *OUTSIDE, *drawn(tuple(PLACES), FEW)], tmp_path)


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(UnsupportedModel, match="by \\[3\\] at"):
        updated((2,), (3,), [0])
    with pytest.raises(UnsupportedModel, match="EMBEDDING_LOOKUP of"):
        case(EmbeddingLookup(), [int32(np.zeros((1, 1))), int8((2, 3))], [int8()], values=[])
    outside = case(GatherNd(), [int8((3,), *Q), int32(np.array([[3]]))], [int8((), *Q)], values=[])
    with pytest.raises(UnsupportedModel, match="picks outside"):
        outside.op.lower(outside.io)
