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


def integer_cases() -> list[Case]:
    """Edges of bytes and of int16, both ways; ends, ties and what lies beyond int8."""
    codes = np.arange(256, dtype=np.uint8).reshape(4, 64)
    steps = np.concatenate([np.arange(-32768, 32768, 97), [-1, 0, 1, 32767]]).reshape(1, -1)
    cases = []
    for outside, inside in [(0.1, 0.1), (0.01, 0.013), (1 / 32768, 1 / 128)]:
        byte, code = (DType.UINT8, outside, 128), (DType.INT8, inside, 3)
        wide, narrow = (DType.INT16, outside / 200, 0), (DType.INT8, inside, -4)
        cases += [
            _between(byte, code, codes),
            _between(code, byte, codes),
            _between(wide, narrow, steps),
            _between(narrow, wide, codes),
        ]
    return cases


def _between(
    source: tuple[DType, float, int], target: tuple[DType, float, int], values: Array
) -> Case:
    """QUANTIZE of these values; types with their scale and zero point."""
    ends = [tensor(values.shape, t, scale=s, zero_point=z) for t, s, z in (source, target)]
    name = f"{source} to {target}"
    vector = [values.astype(source[0].numpy)]
    return case(Quantize(), ends[:1], ends[1:], name=name, values=[vector], options={})


def test_edges_of_integers_equal_tflm() -> None:
    check_against_tflm(integer_cases())


def test_edges_of_integers_on_the_core(tmp_path: Path) -> None:
    check(integer_cases(), tmp_path)


def test_other_types_are_refused() -> None:
    bad = case(Quantize(), [tensor((4,), DType.INT64, scale=1.0)], [int8()], values=[])
    with pytest.raises(UnsupportedModel, match="int64"):
        bad.op.lower(bad.io)
