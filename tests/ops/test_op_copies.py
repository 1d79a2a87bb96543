"""Operators that cut, stack, pick, spread and repeat: elements move, codes stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import FEW, check_drawn, drawn
from tests.ops.drawn_moves import MOVES
from tests.ops.harness import Case, case, check, int8, int32, tensor
from tests.ops.oracle import check_against_litert, check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, KernelCall, Operands, Shape
from tinygen.ops.batch_space import BatchToSpaceND, SpaceToBatchND
from tinygen.ops.gather import Gather, GatherNd
from tinygen.ops.mirror_pad import MirrorPad
from tinygen.ops.pack import Pack, Unpack
from tinygen.ops.resize_nearest_neighbor import ResizeNearestNeighbor
from tinygen.ops.reverse_v2 import ReverseV2
from tinygen.ops.slice import Slice
from tinygen.ops.space import DepthToSpace
from tinygen.ops.split import Split, SplitV
from tinygen.ops.tile import BroadcastTo, Tile

Q = (0.1, -7)


def ints(*values: object) -> np.ndarray:
    return np.array(values, np.int32)


def embedding(picks: Shape, dtype: DType = DType.INT32) -> Case:
    """A GATHER of a constant table by indices that are data."""
    table = np.random.default_rng(1).integers(-128, 128, (9, 5), np.int8)
    rng = np.random.default_rng(2)
    return case(
        Gather(0),
        [int8((), *Q, data=table), tensor(picks, dtype)],
        [int8((), *Q)],
        name=f"embedding {picks}",
        options={},
        values=[[rng.integers(0, 9, picks).astype(dtype.numpy)] for _ in range(2)],
    )


def picked(source: Shape, picks: Shape, axis: int, batch: int) -> Case:
    rng = np.random.default_rng(3)
    data = rng.integers(-128, 128, source, np.int8)
    indices = rng.integers(0, source[axis], picks).astype(np.int32)
    return case(
        Gather(axis, batch),
        [int8(source, *Q), tensor(picks, DType.INT32)],
        [int8((), *Q)],
        name=f"gather {source} {picks} {axis} {batch}",
        options={"axis": axis, "batchDims": batch},
        values=[[data, indices]],
    )


EDGES = (
    case(
        Split(2),
        [int32(ints(3)[0]), int8((1, 2, 2, 6), *Q)],
        [int8((), *Q)] * 2,
        options={"numSplits": 2},
    ),
    case(
        SplitV(3),
        [int8((2, 9), *Q), int32(ints(2, -1, 4)), int32(ints(-1))],
        [int8((), *Q)] * 3,
        options={"numSplits": 3},
    ),
    case(Pack(0, 1), [int8((), *Q)], [int8((), *Q)], options={"axis": 0, "valuesCount": 1}),
    case(
        Pack(-1, 2),
        [int8((2, 3), *Q), int8((), *Q, data=np.arange(6, dtype=np.int8).reshape(2, 3))],
        [int8((), *Q)],
        options={"axis": -1, "valuesCount": 2},
    ),
    case(Unpack(0, 3), [int8((3,), *Q)], [int8((), *Q)] * 3, options={"axis": 0, "num": 3}),
    case(
        Unpack(-1, 2),
        [tensor((3, 2), DType.INT32)],
        [tensor((), DType.INT32)] * 2,
        options={"axis": -1, "num": 2},
    ),
    case(
        Slice(),
        [int8((4, 5), *Q), int32(ints(1, 2)), int32(ints(-1, 1))],
        [int8((), *Q)],
        options={},
    ),
    case(ReverseV2(), [int8((2, 3, 4), *Q), int32(ints(0, 1, 2))], [int8((), *Q)], options={}),
    *(
        case(
            ResizeNearestNeighbor(corners, centers),
            [int8((1, 3, 5, 2), *Q), int32(ints(*size))],
            [int8((), *Q)],
            name=f"resize {size} {corners} {centers}",
            options={"alignCorners": corners, "halfPixelCenters": centers},
        )
        for size in ((6, 10), (2, 5), (7, 11), (1, 1), (3, 5))
        for corners in (False, True)
        for centers in (False, True)
    ),
    *(
        case(
            MirrorPad(symmetric),
            [int8((2, 3, 1, 4), *Q), int32(ints((0, 1), (2, 2), (0, 0), (3, 1)))],
            [int8((), *Q)],
            name=f"mirror {symmetric}",
            options={"mode": int(symmetric)},
        )
        for symmetric in (False, True)
    ),
    embedding((1, 4)),
    embedding((2, 1, 3)),
    picked((2, 4, 3), (2, 5), 1, 1),
    picked((2, 3, 4), (3,), 2, 0),
    picked((7,), (2, 2), 0, 0),
)
OF_LITERT = (
    case(Tile(), [int8((2, 3, 1, 2), *Q), int32(ints(1, 2, 3, 1))], [int8((), *Q)], options={}),
    case(Tile(), [int8((3,), *Q), int32(ints(1))], [int8((), *Q)], options={}),
    case(
        SpaceToBatchND(),
        [int8((1, 5, 7, 3), *Q), int32(ints(2, 2)), int32(ints((1, 0), (0, 1)))],
        [int8((), *Q)],
        options={},
    ),
)


def test_edge_cases_equal_the_oracle() -> None:
    check_against_tflm(EDGES)
    check_against_litert(OF_LITERT)


def test_random_cases_equal_the_oracle() -> None:
    check_drawn(tuple(MOVES))


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *OF_LITERT, *drawn(tuple(MOVES), FEW // 2)], tmp_path)


def test_indices_that_point_outside_pick_the_nearest_slice(tmp_path: Path) -> None:
    rows = np.arange(6, dtype=np.int8).reshape(3, 2)
    indices = np.array([-1, 3, 1 << 30, -(1 << 31)], np.int32)
    outside = case(
        Gather(0),
        [int8((3, 2), *Q), tensor((4,), DType.INT32)],
        [int8((), *Q)],
        values=[[rows, indices]],
    )
    np.testing.assert_array_equal(outside.expected[0][0], rows[[0, 2, 2, 0]])
    check([outside], tmp_path)


def test_whole_factors_take_no_table() -> None:
    twice = case(
        ResizeNearestNeighbor(False, True),
        [int8((1, 3, 5, 4), *Q), int32(ints(6, 10))],
        [int8((), *Q)],
    )
    (call,) = twice.op.lower(twice.io)
    assert isinstance(call, KernelCall)
    assert call.kernel.name == "copy"
    assert call.params["block_bytes"] == 4


@pytest.mark.parametrize(
    ("op", "inputs", "message"),
    [
        (Split(2), [int32(ints(0)[0]), int8((3, 2))], "equal parts"),
        (SplitV(2), [int8((4,)), int32(ints(1, 2)), int32(ints(0))], "into"),
        (SplitV(2), [int8((4,)), int32(ints(-1, -1)), int32(ints(0))], "into"),
        (SplitV(3), [int8((4,)), int32(ints(2, 2)), int32(ints(0))], "says that there are 3"),
        (Split(2), [int32(ints(0, 1)), int8((4, 2))], "no one axis"),
        (Slice(), [int8((4,)), int32(ints(2)), int32(ints(3))], "takes"),
        (Tile(), [int8((4,)), int32(ints(0))], "repeats"),
        (BroadcastTo(), [int8((4,)), int32(ints(3))], "cannot give"),
        (MirrorPad(False), [int8((4,)), int32(ints((4, 0)))], "MIRROR_PAD of"),
        (DepthToSpace(2), [int8((1, 2, 2, 3))], "3 channels"),
        (
            SpaceToBatchND(),
            [int8((1, 5, 2)), int32(ints(2)), int32(ints((0, 0)))],
            "blocks of 2",
        ),
        (
            BatchToSpaceND(),
            [int8((3, 5, 2)), int32(ints(2)), int32(ints((0, 0)))],
            "BATCH_TO_SPACE_ND of",
        ),
        (ResizeNearestNeighbor(False, False), [int8((1, 2, 2, 1)), int32(ints(0, 2))], "to"),
        (Gather(0, 2), [int8((4, 2)), int32(ints(1))], "batch"),
        (GatherNd(), [int8((4,)), int32(ints((0, 1)))], "GATHER_ND"),
        (Unpack(0), [int8((3,))], "UNPACK"),
        (Pack(0), [int8((3,)), int8((4,))], "different shapes"),
    ],
)
def test_impossible_shapes_are_refused(op: object, inputs: object, message: str) -> None:
    assert isinstance(inputs, list)
    io = Operands(tuple(inputs), (int8((2,)), int8((2,))), "it")
    with pytest.raises(UnsupportedModel, match=message):
        op.infer(io)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("op", "indices"), [(Gather(0), ints(3)), (GatherNd(), ints((3,))), (Gather(0), ints(-1))]
)
def test_constant_indices_that_point_outside_are_refused(
    op: Gather | GatherNd, indices: np.ndarray
) -> None:
    outside = case(op, [int8((3, 2), *Q), int32(indices)], [int8((), *Q)], values=[])
    with pytest.raises(UnsupportedModel, match="outside"):
        outside.op.lower(outside.io)
