"""ADD_N, CUMSUM, ARG_MAX, ARG_MIN and L2_NORMALIZATION: kernel = reference = TFLM."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import FEW, check_drawn, drawn
from tests.ops.drawn_sums import SUMS
from tests.ops.harness import Case, case, check, int8, int32, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Shape
from tinygen.ops.arg_max import ArgMax
from tinygen.ops.l2_normalization import L2Normalization
from tinygen.ops.running_sum import AddN, Cumsum

Q = (0.1, 7)


def added(count: int, target: tuple[float, int], source: tuple[float, int] = Q) -> Case:
    return case(AddN(), [int8((3, 5), *source)] * count, [int8((), *target)], options={})


def summed(
    shape: Shape, axis: int, *, exclusive: bool = False, reverse: bool = False, point: int = 7
) -> Case:
    return case(
        Cumsum(exclusive, reverse),
        [int8(shape, 0.1, point), int32(np.array(axis))],
        [int8((), 0.9, -3)],
        name=f"cumsum {shape} {axis} {exclusive} {reverse}",
        options={"exclusive": exclusive, "reverse": reverse},
    )


def normalized(depth: int, point: int, *values: int) -> Case:
    given = [[np.full((2, depth), v, np.int8)] for v in values] or None
    return case(
        L2Normalization(),
        [int8((2, depth), 0.3, point)],
        [int8((), 1 / 128, 0)],
        name=f"l2 of {depth} less {point}",
        options={},
        values=given,
    )


EDGES = (
    *(added(count, (0.2, -5)) for count in (2, 3, 4)),
    added(4, (0.003, 127), (0.1, 127)),
    *(
        summed((2, 4, 3), 1, exclusive=exclusive, reverse=reverse)
        for exclusive in (False, True)
        for reverse in (False, True)
    ),
    summed((40,), 0, point=127),
    summed((2, 1, 3), -1),
    case(
        ArgMax(),
        [int8((2, 6), *Q), int32(np.array(-1))],
        [tensor((), DType.INT32)],
        options={"outputType": 2},
        values=[[np.array([[3, 9, 9, -1, 9, 0], [-128] * 6], np.int8)]],  # the first of them
    ),
    normalized(1, 7, 7, 8, 6, 127, -128),  # zero and one have roots of their own
    normalized(3, -128, -128, -127, 127),
    normalized(300, 127, -128, 126),
    normalized(64, 5),
)


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm(EDGES)


def test_random_cases_equal_tflm() -> None:
    check_drawn(tuple(SUMS), 12)


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *drawn(tuple(SUMS), FEW)], tmp_path)


@pytest.mark.parametrize(
    ("one", "message"),
    [
        (added(2, (1e-9, 0)), "the scale 1e-09"),
        (
            case(AddN(), [int8((3,), 0.1), int8((3,), 0.2)], [int8((), 0.1)], values=[]),
            "quantizations differ",
        ),
        (
            case(L2Normalization(), [int8((1, 3), 0.1)], [int8((), 0.1)], values=[]),
            "the scale 0.1",
        ),
        (
            case(
                ArgMax(),
                [int8((1, 3), 0.1), int32(np.array(1))],
                [tensor((), DType.INT64)],
                values=[],
            ),
            "ARG_MAX works on",
        ),
    ],
)
def test_what_is_not_compiled_is_refused(one: Case, message: str) -> None:
    with pytest.raises(UnsupportedModel, match=message):
        one.op.lower(one.io)


def test_sums_of_different_shapes_are_refused() -> None:
    with pytest.raises(UnsupportedModel, match="different shapes"):
        case(AddN(), [int8((3,)), int8((1,))], [int8()])
