"""SOFTMAX: kernel = reference = TFLM over scales, betas, depths and ranks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Shape, Tensor
from tinygen.ops.softmax import Softmax


def softmax(
    shape: Shape, scale: float, beta: float = 1.0, seed: int = 0, *, wide: bool = False
) -> Case:
    """With shares in int8, or `wide` in int16."""
    rng = np.random.default_rng(seed)
    rising = np.resize(np.arange(-128, 128), shape).astype(np.int8)
    peak = np.full(shape, -100, np.int8)
    peak.reshape(-1)[0] = 100
    any_codes = rng.integers(-128, 128, shape, dtype=np.int8)
    near = rng.integers(-3, 3, shape, dtype=np.int8)
    return case(
        Softmax(beta),
        [int8(shape, scale, 11)],
        [shares(shape, wide=wide)],
        name=f"{shape} scale {scale:.6g} beta {beta}{' to int16' if wide else ''}",
        options={"beta": beta},
        values=[[v] for v in (rising, peak, any_codes, near, np.zeros(shape, np.int8))],
    )


def shares(shape: Shape, *, wide: bool) -> Tensor:
    """The output that SOFTMAX of int8 has."""
    if wide:
        return tensor(shape, DType.INT16, scale=1 / 65536, zero_point=-32768)
    return int8(shape, 1 / 256, -128)


EDGES = (
    softmax((1, 10), 0.1),
    softmax((1, 2), 0.00390625),
    softmax((1, 1), 0.5),
    softmax((7,), 0.2),
    softmax((2, 3, 5), 0.05),
    softmax((1, 2, 3, 4), 1.0),
    softmax((1, 256), 0.02),
    softmax((1, 500), 0.001),  # many classes, all nearly equal
    softmax((3, 12), 0.1, beta=0.25),
    softmax((3, 12), 0.1, beta=2.0),
    softmax((1, 12), 15.9),  # the differences that count end at one
    softmax((1, 12), 16.0),  # none counts but the maximum
    softmax((1, 12), 1e6),
    softmax((1, 12), 31 / 255),  # the table just holds every difference
    softmax((1, 256), 1e-6),
    softmax((1, 1), 0.5, wide=True),
    softmax((2, 3, 5), 0.05, wide=True),
    softmax((1, 500), 0.001, wide=True),
    softmax((3, 12), 16.0, wide=True),
    softmax((3, 12), 0.1, beta=0.25, wide=True),
)


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm(EDGES)


def test_random_scales_equal_tflm() -> None:
    rng = np.random.default_rng(3)
    check_against_tflm(
        [softmax((2, 64), float(np.exp(rng.uniform(-7, 3))), seed=i) for i in range(60)]
    )


def test_the_kernel_equals_the_reference(tmp_path: Path) -> None:
    # 4095 equal classes: beyond what TFLM runs, each share rounds to nothing.
    most = [softmax((1, 4095), 0.1, wide=wide) for wide in (False, True)]
    check([*EDGES, softmax((1, 1001), 0.01), *most], tmp_path)


@pytest.mark.parametrize(
    ("shape", "scale", "target", "what"),
    [
        ((1, 4096), 0.1, (1 / 256, -128), "4095 classes"),
        ((), 0.1, (1 / 256, -128), "last dimension"),
        ((1, 4), 0.1, (1 / 255, -128), "1/256"),
        ((1, 4), 0.1, (1 / 256, 0), "1/256"),
        ((1, 4), 1e-9, (1 / 256, -128), "too small"),
    ],
)
def test_what_does_not_compile_is_refused(
    shape: Shape, scale: float, target: tuple[float, int], what: str
) -> None:
    bad = case(Softmax(1.0), [int8(shape, scale)], [int8(shape, *target)], values=[])
    with pytest.raises(UnsupportedModel) as caught:
        bad.op.lower(bad.io)
    assert what in f"{caught.value.what} {caught.value.why}"


@pytest.mark.parametrize(("scale", "zero_point"), [(1 / 65000, -32768), (1 / 65536, 0)])
def test_other_shares_in_int16_are_refused(scale: float, zero_point: int) -> None:
    target = tensor((1, 4), DType.INT16, scale=scale, zero_point=zero_point)
    bad = case(Softmax(1.0), [int8((1, 4), 0.1)], [target], values=[])
    with pytest.raises(UnsupportedModel, match="gives 'out0' the scale"):
        bad.op.lower(bad.io)


def test_the_reference_is_close_to_the_real_function() -> None:
    """Independent of TFLM, which may be absent: within 1 code of float arithmetic."""
    one = softmax((4, 20), 0.05)
    for (codes,), (got,) in zip(one.vectors, one.expected, strict=True):
        assert codes is not None
        exps = np.exp(codes.astype(np.float64) * 0.05)
        ideal = np.clip(np.round(256 * exps / exps.sum(axis=-1, keepdims=True)) - 128, -128, 127)
        assert np.abs(got - ideal).max() <= 1
