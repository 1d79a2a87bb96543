"""MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU, comparisons, booleans, SELECT: kernel = reference =
oracle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import FEW, check_drawn, drawn
from tests.ops.harness import Case, case, check, int8, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Operands, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.binary import Binary
from tinygen.ops.comparison import Equal, Greater, LessEqual
from tinygen.ops.div import Div
from tinygen.ops.maximum import Maximum, Minimum
from tinygen.ops.prelu import Prelu
from tinygen.ops.select import Select, SelectV2
from tinygen.ops.squared_difference import SquaredDifference

KINDS = (
    "MAXIMUM",
    "MINIMUM",
    "DIV",
    "SQUARED_DIFFERENCE",
    "PRELU",
    "EQUAL",
    "NOT_EQUAL",
    "LESS",
    "LESS_EQUAL",
    "GREATER",
    "GREATER_EQUAL",
    "LOGICAL_AND",
    "LOGICAL_OR",
    "LOGICAL_NOT",
    "SELECT_V2",
    "SELECT",
)
CODES = np.arange(256, dtype=np.uint8).view(np.int8)
BOOL = tensor((), DType.BOOL)


def every_pair(op: Binary | Prelu, *quants: tuple[float, int], target: Tensor) -> Case:
    """All 65536 pairs of codes."""
    sources = [int8((256, 256), *quants[0]), int8((1, 256), *quants[1])]
    first = np.ascontiguousarray(np.broadcast_to(CODES.reshape(256, 1), (256, 256)))
    return case(
        op,
        sources,
        [target],
        name=f"every pair of {op.kind} {quants}",
        options=None if isinstance(op, Prelu) else {},
        values=[[first, CODES.reshape(1, 256)]],
    )


EDGES = (
    every_pair(SquaredDifference(), (0.05, -3), (0.11, 40), target=int8((), 0.13, -20)),
    every_pair(Div(Activation.NONE), (0.05, -3), (0.02, 40), target=int8((), 0.013, -20)),
    every_pair(Div(Activation.NONE), (0.9, 127), (0.01, -128), target=int8((), 0.5, 127)),
    every_pair(SquaredDifference(), (3.0, 127), (3.0, -128), target=int8((), 0.001, 0)),
    every_pair(SquaredDifference(), (1e-4, 0), (1.0, 0), target=int8((), 90.0, -128)),
    every_pair(Prelu(), (0.05, -3), (0.01, 40), target=int8((), 0.04, -20)),
    every_pair(Prelu(), (2.0, 127), (0.5, -128), target=int8((), 0.001, 127)),
    every_pair(Maximum(), (0.1, 4), (0.1, 4), target=int8((), 0.1, 4)),
    every_pair(Minimum(), (0.1, 4), (0.1, 4), target=int8((), 0.1, 4)),
    every_pair(Equal(), (0.05, -3), (0.11, 40), target=BOOL),
    every_pair(Greater(), (0.99, 127), (0.99, -128), target=BOOL),
    every_pair(LessEqual(), (0.001, 0), (0.001, 1), target=BOOL),  # many codes count as equal
    case(
        Greater(),
        [int8((2, 9), 0.1, 3), int8((), 0.1, 3, data=np.array([7], np.int8))],
        [BOOL],
        name="greater than a constant",
        options={},
    ),
    case(
        Prelu(),
        [
            int8((1, 2, 3, 5), 0.1, 3),
            int8((), 0.01, 0, data=np.arange(-2, 3, dtype=np.int8).reshape(1, 1, 5)),
        ],
        [int8((), 0.1, -7)],
        name="a slope for each channel",
    ),
)


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm(EDGES)


def test_random_cases_equal_the_oracle() -> None:
    check_drawn(KINDS)


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *drawn(KINDS, FEW // 2)], tmp_path)


@pytest.mark.parametrize(
    ("op", "inputs", "target", "message"),
    [
        (Maximum(), [int8((2,), 0.1), int8((2,), 0.2)], int8((), 0.1), "quantizations differ"),
        (Greater(), [int8((2,), 1.0), int8((2,), 0.2)], BOOL, "scale 1"),
        (Greater(), [int8((2,), 0.1), int8((2,), 0.2)], int8((), 0.1), "GREATER works on"),
        (SelectV2(), [int8((2,), 0.1)] * 3, int8((), 0.1), "SELECT_V2 works on"),
        (Maximum(), [tensor((2,), DType.INT64)] * 2, tensor((), DType.INT64), "MAXIMUM works on"),
    ],
)
def test_what_is_not_int8_is_refused(
    op: Binary | SelectV2, inputs: list[Tensor], target: Tensor, message: str
) -> None:
    one = case(op, inputs, [target], values=[])
    with pytest.raises(UnsupportedModel, match=message):
        one.op.lower(one.io)


@pytest.mark.parametrize(
    ("op", "shapes"),
    [
        (Maximum(), [(2, 3), (2, 4)]),
        (Prelu(), [(3,), (2, 4)]),
        (SelectV2(), [(2,), (3,), (3,)]),
        (Select(), [(3,), (2, 3), (2, 3)]),
        (Select(), [(2, 3), (2, 3), (3,)]),
    ],
)
def test_impossible_shapes_are_refused(
    op: Binary | SelectV2, shapes: list[tuple[int, ...]]
) -> None:
    io = Operands(tuple(int8(shape) for shape in shapes), (int8(),), op.kind)
    with pytest.raises(UnsupportedModel, match=op.kind):
        op.infer(io)
