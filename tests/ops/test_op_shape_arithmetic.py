"""Operators that are folded away: right on constants, refused where they would be compiled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ops.harness import Case, case, int8, int32, tensor
from tests.ops.oracle import check_against_tflm
from tests.ops.tflite_file import parse_operator, single_operator
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Operands
from tinygen.ops.cast import Cast
from tinygen.ops.fill import Fill, ZerosLike
from tinygen.ops.parse import Parsed
from tinygen.ops.shape_arithmetic import Range, ReduceProd, ShapeOf


def small(values: object, dtype: DType = DType.INT32) -> Array:
    return np.asarray(values, dtype.numpy)


LIVE = tensor((3,), DType.INT32)
OUT = tensor((), DType.INT32)

WITH_TFLM = (
    case(ShapeOf(2), [tensor((1, 4, 6), DType.FLOAT32)], [OUT], options={"outType": 2}),
    case(ZerosLike(), [int8((2, 3), 0.1, 7)], [int8((), 0.1, 7)], options={}),
    case(ZerosLike(), [LIVE], [OUT], options={}),
    case(
        Cast(0, 2),
        [tensor((4,), DType.FLOAT32)],
        [OUT],
        options={"inDataType": 0, "outDataType": 2},
        values=[[small([-1.9, 1.9, 0.0, 7.0], DType.FLOAT32)]],
    ),
    case(
        Cast(), [LIVE], [tensor((), DType.FLOAT32)], options={}, values=[[small([-3, 0, 1 << 24])]]
    ),
    case(Fill(), [int32(np.array([2, 3])), tensor((), DType.INT32)], [OUT]),
)


def test_they_equal_tflm() -> None:
    check_against_tflm(WITH_TFLM)


@pytest.mark.parametrize(
    ("op", "inputs", "expected"),
    [
        (ReduceProd(False), (small([2, 3, 4]), small([0])), small(24)),
        (ReduceProd(True), (small([[2, 3], [4, 5]]), small([0])), small([[8, 15]])),
        (ReduceProd(False), (small([[2, 3], [4, 5]]), small([-1, 0])), small(120)),
        (
            ReduceProd(False),
            (small([1 << 40, 4], DType.INT64), small([0])),
            small(1 << 42, DType.INT64),
        ),
        (Range(), (small(1), small(9), small(3)), small([1, 4, 7])),
        (Range(), (small(5), small(1), small(-2)), small([5, 3])),
        (Range(), (small(5), small(1), small(2)), small([])),
    ],
)
def test_what_tflm_does_not_have(op: Parsed, inputs: tuple[Array, ...], expected: Array) -> None:
    dtype = DType(expected.dtype.name)
    constants = [tensor(dtype=DType(v.dtype.name), data=v) for v in inputs]
    one = case(op, constants, [tensor((), dtype)])
    assert one.op.foldable(one.io)
    (got,) = one.op.reference(one.io, inputs)
    np.testing.assert_array_equal(got, expected, strict=True)
    given = [replace(constant, data=None) for constant in constants]
    model = single_operator(op.kind, given, one.io.outputs, _options(op))
    assert parse_operator(model)[0] == op


def _options(op: Parsed) -> dict[str, object] | None:
    return {"keepDims": op.keep_dims} if isinstance(op, ReduceProd) else None


def test_a_shape_is_known_without_its_tensor() -> None:
    one = WITH_TFLM[0]
    assert one.op.foldable(one.io)
    (got,) = one.op.reference(one.io, (None,))
    np.testing.assert_array_equal(got, small([1, 4, 6]), strict=True)


FOLDED = [one for one in WITH_TFLM if one.op.kind not in ("CAST", "FILL")]


@pytest.mark.parametrize("one", FOLDED, ids=lambda c: c.op.kind)
def test_they_are_never_compiled(one: Case) -> None:
    with pytest.raises(UnsupportedModel, match=one.op.kind) as caught:
        one.op.lower(one.io)
    assert "shapes" in caught.value.why


def test_broken_files_are_refused() -> None:
    with pytest.raises(UnsupportedModel, match="FILL of the shape"):
        Fill().infer(Operands((int32(np.array([2, -3])), LIVE), (OUT,)))
    with pytest.raises(UnsupportedModel, match="step"):
        Range().infer(Operands(tuple(int32(np.array(v)) for v in (0, 3, 0)), ()))
