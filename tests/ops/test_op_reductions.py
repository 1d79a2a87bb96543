"""REDUCE_MAX, REDUCE_MIN, SUM and RESIZE_BILINEAR: kernel = reference = TFLM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import FEW, check_drawn, drawn
from tests.ops.harness import Case, case, check, int8, int32
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Shape
from tinygen.ops.mean import Sum
from tinygen.ops.reduce_max import ReduceMax, ReduceMin
from tinygen.ops.reduction import Reduction
from tinygen.ops.resize_bilinear import ResizeBilinear

KINDS = ("REDUCE_ALL", "REDUCE_MAX", "REDUCE_MIN", "SUM", "RESIZE_BILINEAR")
Q = (0.1, 7)


def reduced(
    kind: type[Reduction],
    shape: Shape,
    axes: list[int],
    target: tuple[float, int] = Q,
    *,
    keep: bool = False,
) -> Case:
    return case(
        kind(keep),
        [int8(shape, *Q), int32(np.array(axes, np.int32))],
        [int8((), *target)],
        name=f"{kind.kind} {shape} {axes}",
        options={"keepDims": keep},
    )


def resized(
    shape: Shape, size: tuple[int, int], *, corners: bool = False, centers: bool = False
) -> Case:
    return case(
        ResizeBilinear(corners, centers),
        [int8(shape, *Q), int32(np.array(size))],
        [int8((), *Q)],
        name=f"resize {shape} {size} {corners} {centers}",
        options={"alignCorners": corners, "halfPixelCenters": centers},
    )


EDGES = (
    *(
        case_
        for kind in (ReduceMax, ReduceMin)
        for case_ in (
            reduced(kind, (1, 5, 4, 7), [1, 2]),
            reduced(kind, (1, 5, 4, 7), [1, 2], keep=True),
            reduced(kind, (2, 3, 4), [-1, 0, -1]),
            reduced(kind, (2, 3, 2, 3, 2, 3), [1, 3, 5]),
            reduced(kind, (4, 3), [0, 1]),
            reduced(kind, (1, 6), [0]),
        )
    ),
    reduced(Sum, (1, 5, 4, 7), [1, 2], (0.9, -3)),
    reduced(Sum, (3, 70), [1], (0.001, 0)),  # a left shift
    reduced(Sum, (2, 3, 4), [0, 2], keep=True),
    *(
        resized((1, 3, 5, 2), size, corners=mode == 1, centers=mode == 2)
        for size in ((6, 10), (2, 3), (7, 4), (1, 1), (3, 5), (12, 1))
        for mode in range(3)
    ),
    resized((2, 1, 1, 3), (4, 4)),
    resized((1, 64, 2, 1), (33, 65), centers=True),
)


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm(EDGES)


def test_random_cases_equal_tflm() -> None:
    check_drawn(KINDS)


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *drawn(KINDS, FEW)], tmp_path)


def test_another_quantization_of_the_greatest_is_refused() -> None:
    bad = reduced(ReduceMax, (1, 4), [1], (0.2, 7))
    with pytest.raises(UnsupportedModel, match="another quantization"):
        bad.op.lower(bad.io)


def test_corners_and_centers_exclude_each_other() -> None:
    with pytest.raises(UnsupportedModel, match="aligned corners"):
        resized((1, 3, 5, 2), (6, 10), corners=True, centers=True)


def test_places_behind_the_image_are_refused() -> None:
    """10 bits of a step, rounded up, are a pixel too many over 2,000 pixels."""
    far = case(
        ResizeBilinear(False, False),
        [int8((1, 1, 1001, 1), *Q), int32(np.array((1, 2000)))],
        [int8((), *Q)],
        values=[],
    )
    with pytest.raises(UnsupportedModel, match="reads behind the image"):
        far.op.lower(far.io)
