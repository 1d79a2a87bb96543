"""Numbers without a scale, of which masks, places and lengths are made: int32 arithmetic,
comparisons, SELECT_V2, CAST, FILL, words that are moved. Reference = TFLM, kernel = reference."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn import check_drawn, drawn
from tests.ops.drawn_layers import computed_weights
from tests.ops.drawn_moves import shape
from tests.ops.drawn_plain import TYPES, WHOLES, compared, numbers, plain, whole_pair
from tests.ops.harness import Case, case, check, int8, int32, tensor
from tests.ops.oracle import check_against_tflm
from tests.ops.tflite_file import RELU
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Operands, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.cast import Cast
from tinygen.ops.comparison import (
    Equal,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
    NotEqual,
)
from tinygen.ops.div import Div
from tinygen.ops.embedding_lookup import EmbeddingLookup
from tinygen.ops.quantize import Quantize
from tinygen.ops.select import SelectV2
from tinygen.ops.slice import Slice

COMPARISONS = (Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual)
LEAST, GREATEST = -(1 << 31), (1 << 31) - 1
MOVED = ("PAD", "PADV2", "FILL", "SLICE", "EMBEDDING_LOOKUP", "QUANTIZE", "DEQUANTIZE")
"""Kinds whose cases have words, or numbers that are data, among them."""


def no_number(kind: type[Equal | NotEqual | Less | GreaterEqual]) -> Case:
    rows = np.array([[np.nan, 1, np.nan]], np.float32), np.array([[1, np.nan, np.nan]], np.float32)
    floats = [tensor((1, 3), DType.FLOAT32)] * 2
    return case(kind(), floats, [tensor((), DType.BOOL)], values=[list(rows)], options={})


def chosen(index: int, dtype: DType) -> Case:
    rng = np.random.default_rng(index)
    dims = shape(rng)
    other = tuple(1 if rng.integers(3) == 0 else d for d in dims)
    values = [rng.integers(0, 2, other).astype(np.bool_)]
    values += [numbers(s, dtype, rng) for s in (dims, other)]
    inputs = [tensor(other, DType.BOOL), tensor(dims, dtype), tensor(other, dtype)]
    return case(SelectV2(), inputs, [tensor((), dtype)], values=[values], options={})


def cast(source: DType, target: DType) -> Case:
    rng = np.random.default_rng(5)
    values = rng.integers(-(1 << 31), 1 << 31, (1, 40)) >> rng.integers(0, 31, (1, 40))
    if source is DType.FLOAT32:
        ends = [0.99, -0.99, 0.0, np.nan, 3e38, -3e38, 2.0**31, -(2.0**31), 127.9, -128.9]
        given = np.concatenate([values[:, 10:] / 7, [ends]], axis=1).astype(np.float32)
    else:
        given = values.astype(source.numpy)
    codes = TYPES[source], TYPES[target]
    return case(
        Cast(*codes),
        [plain(source, (1, 40))],
        [plain(target, (1, 40))],
        name=f"{source.value} to {target.value}",
        values=[[given]],
        options=dict(zip(("inDataType", "outDataType"), codes, strict=True)),
    )


def wide(source: DType, target: DType) -> Case:
    """QUANTIZE to or from int32, which no model of a converter has."""
    rng = np.random.default_rng(6)
    ends = [tensor((1, 60), t, scale=scale) for t, scale in ((source, 0.1), (target, 0.07))]
    values = rng.integers(-(1 << 20), 1 << 20, (1, 60)).astype(source.numpy)
    return case(Quantize(), ends[:1], ends[1:], values=[[values]], options={})


def wholes(count: int) -> list[Case]:
    return [whole_pair(kind, np.random.default_rng(i)) for kind in WHOLES for i in range(count)]


def each_comparison(count: int) -> list[Case]:
    rngs = [np.random.default_rng(i) for i in range(count)]
    return [compared(kind, rng) for kind in COMPARISONS for rng in rngs]


NANS = [no_number(kind) for kind in (Equal, NotEqual, Less, GreaterEqual)]
CASTS = [cast(*ends) for ends in product(TYPES, TYPES)]
WIDE = [
    wide(DType.INT8, DType.INT32),
    wide(DType.INT16, DType.INT32),
    wide(DType.INT32, DType.INT8),
    wide(DType.INT32, DType.INT16),
]
COMPUTED = [computed_weights(np.random.default_rng(i)) for i in range(6)]
CASES = [*each_comparison(6), *NANS, *CASTS, *WIDE, *COMPUTED]


def undefined() -> list[Case]:
    """What no runtime defines, and every processor computes alike here."""
    quotients = np.array([[7, -7, LEAST, 0, 5]], np.int32), np.array([[0, 0, -1, 0, -2]], np.int32)
    ints = tensor((1, 5), DType.INT32)
    whole = np.arange(12, dtype=np.int8).reshape(3, 4)
    placed = [int8((3, 4), 0.1), tensor((2,), DType.INT32), int32(np.array([2, 2]))]
    corners = [np.array(corner, np.int32) for corner in ((9, -9), (-1, 1), (1, 2))]
    table = int8(data=whole, scale=0.1)
    picks = np.array([-1, 3, 99, 0], np.int32)
    return [
        case(Div(Activation.NONE), [ints, ints], [ints], values=[list(quotients)]),
        case(Slice(), placed, [int8((), 0.1)], values=[[whole, corner] for corner in corners]),
        case(
            EmbeddingLookup(),
            [tensor((4,), DType.INT32), table],
            [tensor((), DType.FLOAT32)],
            values=[[picks]],
        ),
    ]


def test_they_equal_tflm() -> None:
    check_against_tflm([*CASES, *wholes(12), *(chosen(i, DType.FLOAT32) for i in range(12))])
    check_drawn(MOVED)


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    both = [chosen(i, (DType.INT32, DType.FLOAT32)[i % 2]) for i in range(8)]
    check([*CASES, *wholes(4), *undefined(), *both, *drawn(MOVED)], tmp_path)


def test_what_no_runtime_defines_is_defined() -> None:
    quotients, blocks, rows = (one.expected for one in undefined())
    np.testing.assert_array_equal(quotients[0][0], [[0, 0, LEAST, 0, -2]])
    np.testing.assert_array_equal(blocks[0][0], [[4, 5], [8, 9]])
    np.testing.assert_array_equal(
        rows[0][0][:, 0], np.array([0, 8, 8, 0], np.float32) * np.float32(0.1)
    )
    (beyond,) = cast(DType.FLOAT32, DType.INT32).expected
    assert beyond[0][0, -7:-3].tolist() == [0, GREATEST, LEAST, GREATEST]


def test_what_runtimes_compute_differently_is_refused() -> None:
    ints = [Tensor(i, f"t{i}", (3,), DType.INT32) for i in range(3)]
    io = Operands((ints[0], ints[1]), (ints[2],))
    with pytest.raises(UnsupportedModel, match="fused activation") as caught:
        Add(Activation(RELU)).lower(io)
    assert "leaves the activation out" in caught.value.why
    for kind in (Less, LessEqual, Greater, GreaterEqual):
        bools = tensor((3,), DType.BOOL)
        with pytest.raises(UnsupportedModel, match="which is bool"):
            kind().check(Operands((bools, bools), (bools,)))
    table = int8(data=np.zeros((3, 2), np.int8), scale=0.1, zero_point=3)
    with pytest.raises(UnsupportedModel, match="zero point 3"):
        EmbeddingLookup().check(
            Operands((tensor((2,), DType.INT32), table), (tensor((2, 2), DType.FLOAT32),))
        )
    with pytest.raises(UnsupportedModel, match="a place that is computed"):
        Slice().infer(
            Operands((int8((3,), 0.1), tensor((1,), DType.INT32), int32(np.array([-1]))), ())
        )
