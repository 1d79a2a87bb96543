"""Comparisons, SELECT_V2 and CAST of plain numbers, of which masks are: reference = TFLM."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.ops.drawn_moves import shape
from tests.ops.harness import Case, case, check, int8, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType
from tinygen.ops.comparison import Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual
from tinygen.ops.select import SelectV2
from tinygen.ops.shape_arithmetic import Cast

PLAIN = (DType.INT32, DType.FLOAT32)
TYPES = {DType.FLOAT32: 0, DType.INT32: 2, DType.BOOL: 6, DType.INT8: 9}
"""By the schema's numbers."""


def numbers(dims: tuple[int, ...], dtype: DType, rng: np.random.Generator) -> Array:
    """Few different ones, so that some are equal, and large ones."""
    factor = 1 if rng.integers(2) else 1 << 20
    return np.asarray(rng.integers(-2, 3, dims) * factor, dtype.numpy)


def compared(index: int) -> Case:
    rng = np.random.default_rng(index)
    kinds = (Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual)
    dims, dtype = shape(rng), PLAIN[index % 2]
    other = tuple(1 if rng.integers(3) == 0 else d for d in dims)
    values = [[numbers(s, dtype, rng) for s in (dims, other)]]
    inputs = [tensor(dims, dtype), tensor(other, dtype)]
    op = kinds[index % 6]()
    return case(
        op, inputs, [tensor((), DType.BOOL)], values=values, options={}, name=f"{op} {index}"
    )


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
    values = {
        DType.BOOL: rng.integers(0, 2, (1, 40)).astype(np.bool_),
        DType.INT8: rng.integers(-128, 128, (1, 40)).astype(np.int8),
        DType.INT32: rng.integers(-(1 << 31), 1 << 31, (1, 40)).astype(np.int32),
    }
    ends = [int8((1, 40), 0.1) if t is DType.INT8 else tensor((1, 40), t) for t in (source, target)]
    codes = TYPES[source], TYPES[target]
    return case(
        Cast(*codes),
        ends[:1],
        ends[1:],
        name=f"{source.value} to {target.value}",
        values=[[values[source]]],
        options=dict(zip(("inDataType", "outDataType"), codes, strict=True)),
    )


CASTS = [
    cast(*ends)
    for ends in product(
        (DType.BOOL, DType.INT8, DType.INT32), (DType.INT8, DType.INT32, DType.FLOAT32)
    )
]
NANS = [no_number(kind) for kind in (Equal, NotEqual, Less, GreaterEqual)]
CASES = [*map(compared, range(24)), *NANS, *CASTS]


def test_they_equal_tflm() -> None:
    check_against_tflm([*CASES, *(chosen(i, DType.FLOAT32) for i in range(12))])


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*CASES, *(chosen(i, PLAIN[i % 2]) for i in range(8))], tmp_path)


def test_a_cast_that_hangs_on_the_processor_is_refused() -> None:
    floats = tensor((1, 4), DType.FLOAT32)
    one = case(Cast(), [floats], [tensor((), DType.INT32)], values=[])
    with pytest.raises(UnsupportedModel, match="CAST works on"):
        one.op.lower(one.io)
