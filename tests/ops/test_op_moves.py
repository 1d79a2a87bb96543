"""CONCATENATION, PAD, STRIDED_SLICE, TRANSPOSE and reshapes: elements move, codes stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, int32, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Alias, Array, DType, KernelCall, Operands, Shape
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.expand_dims import ExpandDims
from tinygen.ops.pad import Pad, PadV2
from tinygen.ops.reshape import Reshape
from tinygen.ops.squeeze import Squeeze
from tinygen.ops.strided_slice import StridedSlice
from tinygen.ops.transpose import Transpose

Q = (0.1, -7)


def concat(axis: int, *shapes: Shape, constant: Array | None = None) -> Case:
    inputs = [int8(shape, *Q) for shape in shapes]
    if constant is not None:
        inputs.insert(1, int8((), *Q, data=constant))
    return case(
        Concatenation(axis),
        inputs,
        [int8((), *Q)],
        name=f"concat {axis} {shapes}",
        options={"axis": axis},
    )


def pad(shape: Shape, *paddings: tuple[int, int]) -> Case:
    return case(
        Pad(),
        [int8(shape, *Q), int32(np.array(paddings))],
        [int8((), *Q)],
        name=f"pad {shape} {paddings}",
        options={},
    )


def pad_v2(value: int) -> Case:
    return case(
        PadV2(),
        [
            int8((1, 3, 4, 2), *Q),
            int32(np.array([(0, 0), (1, 1), (2, 0), (0, 0)])),
            int8((), *Q, data=np.array([value], np.int8)),
        ],
        [int8((), *Q)],
        name=f"pad with {value}",
        options={},
    )


def take(
    shape: Shape,
    begin: tuple[int, ...],
    end: tuple[int, ...],
    strides: tuple[int, ...],
    result: Shape,
    *,
    begin_mask: int = 0,
    end_mask: int = 0,
    shrink: int = 0,
    dtype: DType = DType.INT8,
) -> Case:
    source = int8(shape, *Q) if dtype is DType.INT8 else tensor(shape, dtype)
    target = int8((), *Q) if dtype is DType.INT8 else tensor((), dtype)
    one = case(
        StridedSlice(begin_mask, end_mask, shrink),
        [source, *(int32(np.array(v)) for v in (begin, end, strides))],
        [target],
        name=f"slice {shape} {begin} {end} {strides} {begin_mask} {end_mask} {shrink}",
        options={"beginMask": begin_mask, "endMask": end_mask, "shrinkAxisMask": shrink},
    )
    assert one.io.output.shape == result
    return one


def transpose(shape: Shape, *order: int, dtype: DType = DType.INT8) -> Case:
    source = int8(shape, *Q) if dtype is DType.INT8 else tensor(shape, dtype)
    target = int8((), *Q) if dtype is DType.INT8 else tensor((), dtype)
    return case(
        Transpose(),
        [source, int32(np.array(order))],
        [target],
        name=f"transpose {shape} {order}",
        options={},
    )


EDGES = (
    concat(0, (2, 3), (1, 3), (4, 3)),
    concat(-1, (1, 2, 2, 3), (1, 2, 2, 1)),
    concat(2, (2, 3, 1, 5), (2, 3, 4, 5), (2, 3, 2, 5)),
    concat(1, (1, 4)),
    concat(0, (3,), (2,), constant=np.array([5, -5], np.int8)),
    concat(3, (1, 2, 2, 1), (1, 2, 2, 2), constant=np.arange(4, dtype=np.int8).reshape(1, 2, 2, 1)),
    pad((1, 3, 4, 2), (0, 0), (1, 2), (3, 1), (0, 0)),
    pad((1, 3, 4, 2), (0, 0), (0, 0), (0, 0), (1, 1)),
    pad((2, 3), (1, 0), (0, 2)),
    pad((4,), (3, 2)),
    pad((1, 3, 4, 2), (0, 0), (0, 0), (0, 0), (0, 0)),
    pad((2, 1, 2, 1, 2), (1, 1), (1, 0), (0, 1), (2, 0), (0, 1)),
    pad_v2(99),
    pad_v2(-128),
    take((1, 6, 7, 3), (0, 1, 2, 0), (1, 5, 7, 3), (1, 2, 3, 1), (1, 2, 2, 3)),
    take((1, 6, 7, 3), (0, 5, 6, 2), (1, 0, -8, -4), (1, -2, -3, -1), (1, 3, 3, 3)),
    take((5,), (-1,), (-6,), (-1,), (5,)),
    take((5,), (0,), (0,), (1,), (5,), begin_mask=1, end_mask=1),
    take((5,), (0,), (0,), (-2,), (3,), begin_mask=1, end_mask=1),
    take((4, 5), (-99, 1), (99, 99), (1, 1), (4, 4)),
    take((4, 5), (2, 1), (0, 4), (1, 1), (3,), shrink=1),
    take((4, 5), (-1, -2), (0, 0), (1, 1), (), shrink=3),
    take((2, 3, 4), (0, 0, 3), (2, 3, 4), (1, 1, 1), (2, 3), shrink=4),
    take((2, 6), (0, 1), (2, 6), (1, 2), (2, 3), dtype=DType.FLOAT32),
    transpose((3, 4), 1, 0),
    transpose((1, 3, 4, 2), 0, 3, 1, 2),
    transpose((1, 3, 4, 2), 0, 2, 1, 3),
    transpose((2, 3, 4), 2, 1, 0),
    transpose((2, 3, 2, 3, 2), 4, 2, 0, 3, 1),
    transpose((1, 3, 1, 2), 2, 1, 0, 3),  # no element moves
    transpose((3, 4), 1, 0, dtype=DType.FLOAT32),
)

RENAMES = (
    case(Reshape(None), [int8((3, 4), *Q), int32(np.array([2, -1]))], [int8((), *Q)]),
    case(Reshape((4, 3)), [int8((3, 4), *Q)], [int8((), *Q)], options={"newShape": [4, 3]}),
    case(Squeeze(()), [int8((1, 3, 1, 2), *Q)], [int8((), *Q)], options={}),
    case(
        Squeeze((0, -2)), [int8((1, 3, 1, 1), *Q)], [int8((), *Q)], options={"squeezeDims": [0, -2]}
    ),
    case(ExpandDims(), [int8((3, 4), *Q), int32(np.array(1))], [int8((), *Q)], options={}),
    case(ExpandDims(), [int8((3, 4), *Q), int32(np.array(-1))], [int8((), *Q)], options={}),
)


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm([*EDGES, *RENAMES])


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    six = case(
        Transpose(),
        [int8((2, 3, 2, 2, 2, 2), *Q), int32(np.array([5, 4, 3, 2, 1, 0]))],
        [int8((), *Q)],
        values=[],
    )
    with pytest.raises(UnsupportedModel, match="nested loops"):
        six.op.lower(six.io)
    check([*EDGES, *RENAMES], tmp_path)


@pytest.mark.parametrize("one", RENAMES)
def test_other_shapes_of_the_same_bytes_are_no_code(one: Case) -> None:
    assert one.op.lower(one.io) == (Alias(0, one.io.output.id),)


def test_copies_merge_into_few_blocks() -> None:
    joined = concat(-1, (1, 2, 2, 3), (1, 2, 2, 1))
    calls = [c for c in joined.op.lower(joined.io) if isinstance(c, KernelCall)]
    assert [c.params["dims"] for c in calls] == [(1, 1, 1, 1, 4)] * 2
    assert [c.params["block_bytes"] for c in calls] == [3, 1]
    image = pad((1, 3, 4, 2), (0, 0), (1, 2), (3, 1), (0, 0))
    (fill, inside) = (c for c in image.op.lower(image.io) if isinstance(c, KernelCall))
    assert fill.params == {"count": 96, "value": Q[1]}
    assert inside.params["block_bytes"] == 8  # a whole row of pixels
    assert inside.params["dims"] == (1, 1, 1, 1, 3)


def test_a_shape_that_is_not_known_yet_is_taken_from_the_file() -> None:
    unknown = tensor((2,), DType.INT32)
    for op, shapes in (
        (Reshape(None), ((3, 4), (2, 6))),
        (Pad(), ((3, 4), (5, 4))),
        (Transpose(), ((3, 4), (4, 3))),
        (StridedSlice(0, 0, 0), ((3, 4), (2, 2))),
        (ExpandDims(), ((3,), (1, 3))),
    ):
        source, declared = (int8(shape) for shape in shapes)
        assert op.infer(Operands((source, *[unknown] * 3), (declared,))) == (declared.shape,)
    wrong = case(Reshape(None), [int8((3, 4)), unknown], [int8((2, 7))], values=[])
    with pytest.raises(UnsupportedModel, match="RESHAPE"):
        wrong.op.lower(wrong.io)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: concat(1, (2, 3), (3, 3)), "cannot join"),
        (lambda: concat(4, (2, 3), (3, 3)), "axis 4"),
        (lambda: pad((2, 3), (1, -1), (0, 0)), "paddings"),
        (lambda: transpose((2, 3), 0, 0), "orders"),
        (lambda: take((5,), (5,), (6,), (1,), (), shrink=1), "index 5"),
        (lambda: take((5,), (0,), (5,), (0,), (5,)), "takes"),
        (lambda: case(Squeeze((1,)), [int8((1, 3))], [int8()]), "SQUEEZE"),
        (lambda: case(Reshape((-1, -1)), [int8((3, 4))], [int8()]), "RESHAPE"),
        (
            lambda: case(Reshape(None), [int8((3, 4)), int32(np.array([5, -1]))], [int8()]),
            "RESHAPE",
        ),
    ],
)
def test_impossible_shapes_are_refused(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(UnsupportedModel, match=message):
        make()


def test_codes_of_another_quantization_are_not_joined() -> None:
    bad = case(Concatenation(0), [int8((2,), 0.1), int8((2,), 0.2)], [int8((), 0.1)], values=[])
    with pytest.raises(UnsupportedModel, match="quantizations differ"):
        bad.op.lower(bad.io)
