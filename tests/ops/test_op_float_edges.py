"""QUANTIZE from float32 and DEQUANTIZE to float32: rounding, clamping, and what is no number."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, quantize
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.quantize import Quantize

SCALES = ((1.0, 0), (0.1, -7), (1 / 255, -128), (3.7e-3, 127), (250.0, 3))


def _floats(scale: float, zero_point: int) -> Array:
    """Around every boundary between two codes: the tie itself and its neighbours."""
    ties = (np.arange(-130, 130, dtype=np.float64) - zero_point + 0.5) * np.float32(scale)
    exact = ties.astype(np.float32)
    above, below = (np.nextafter(exact, np.float32(s)) for s in (np.inf, -np.inf))
    special = np.array([0.0, -0.0, 1e-45, 1e6, -1e6], np.float32) * np.float32(scale)
    return np.concatenate([exact, above, below, special]).reshape(1, -1)


def quantize_cases() -> list[Case]:
    cases = []
    for scale, zero_point in SCALES:
        values = _floats(scale, zero_point)
        source = tensor(values.shape, DType.FLOAT32)
        target = int8(values.shape, scale, zero_point)
        name = f"to {scale} {zero_point}"
        cases.append(case(Quantize(), [source], [target], name=name, values=[[values]], options={}))
    return cases


def dequantize_cases() -> list[Case]:
    codes = np.arange(256, dtype=np.uint8).view(np.int8).reshape(4, 64)
    target = tensor(codes.shape, DType.FLOAT32)
    return [
        case(
            Dequantize(),
            [int8(codes.shape, scale, zero_point)],
            [target],
            name=f"from {scale} {zero_point}",
            values=[[codes]],
            options={},
        )
        for scale, zero_point in SCALES
    ]


def test_quantize_equals_tflm() -> None:
    check_against_tflm(quantize_cases())


def test_dequantize_equals_tflm() -> None:
    check_against_tflm(dequantize_cases())


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*quantize_cases(), *dequantize_cases()], tmp_path)


def test_what_is_no_number_is_defined(tmp_path: Path) -> None:
    values = np.array([[np.nan, -np.nan, np.inf, -np.inf, 3e38, -3e38]], np.float32)
    one = case(
        Quantize(),
        [tensor(values.shape, DType.FLOAT32)],
        [int8(values.shape, 1e-3, 5)],
        values=[[values]],
    )
    assert quantize(values, 1e-3, 5, DType.INT8).tolist() == [[5, 5, 127, -128, 127, -128]]
    check([one], tmp_path)


def test_other_types_are_refused() -> None:
    bad = case(Quantize(), [tensor((4,), DType.INT16, scale=1.0)], [int8()], values=[])
    with pytest.raises(UnsupportedModel, match="int16"):
        bad.op.lower(bad.io)
