"""One row per element type: its range, its C name, its code on the wire."""

from __future__ import annotations

import numpy as np
import pytest

from tinygen.devices.link import frames
from tinygen.ir import DType


@pytest.mark.parametrize(
    ("dtype", "low", "high", "c_name", "size"),
    [
        (DType.INT8, -128, 127, "int8_t", 1),
        (DType.UINT8, 0, 255, "uint8_t", 1),
        (DType.INT16, -32768, 32767, "int16_t", 2),
        (DType.INT32, -(1 << 31), (1 << 31) - 1, "int32_t", 4),
        (DType.INT64, -(1 << 63), (1 << 63) - 1, "int64_t", 8),
        (DType.BOOL, 0, 1, "uint8_t", 1),
    ],
)
def test_ranges_and_c_names(dtype: DType, low: int, high: int, c_name: str, size: int) -> None:
    assert (dtype.low, dtype.high, dtype.c_name, dtype.size) == (low, high, c_name, size)
    assert dtype.integer


def test_a_float_has_no_range() -> None:
    assert not DType.FLOAT32.integer
    assert (DType.FLOAT32.c_name, DType.FLOAT32.size) == ("float", 4)
    with pytest.raises(ValueError, match="integer"):
        _ = DType.FLOAT32.low


@pytest.mark.parametrize("dtype", DType, ids=lambda d: d.value)
def test_a_type_is_found_by_its_name(dtype: DType) -> None:
    assert DType(dtype.value) is dtype
    assert DType(np.zeros(1, dtype.numpy).dtype.name) is dtype


def test_codes_on_the_wire() -> None:
    codes = [dtype.wire for dtype in DType if dtype.wire is not None]
    assert len(set(codes)) == len(codes)
    assert {code: frames.TYPES[code] for code in codes} == frames.TYPES
    assert frames.TYPES[1] is DType.INT8
