"""Operators on single int8 codes: over all 256 codes, reference = TFLM and kernel = reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Alias, KernelCall, Overlap, Tensor, portable
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.leaky_relu import LeakyRelu
from tinygen.ops.logistic import Logistic
from tinygen.ops.parse import Parsed
from tinygen.ops.quantize import Quantize
from tinygen.ops.relu import Relu
from tinygen.ops.relu6 import Relu6
from tinygen.ops.tanh import Tanh

ALL_CODES = np.arange(256, dtype=np.uint8).view(np.int8).reshape(1, 256)
LOGISTIC_OUT, TANH_OUT = (1 / 256, -128), (1 / 128, 0)

Scale = tuple[float, int]
"""A scale and its zero point."""


def one(op: Parsed, source: Scale, target: Scale, options: Mapping[str, Any] | None = None) -> Case:
    return case(
        op,
        [int8((1, 256), *source)],
        [int8((1, 256), *target)],
        name=f"{op} {source} to {target}",
        options=options,
        values=[[ALL_CODES]],
    )


def leaky(alpha: float, source: Scale, target: Scale) -> Case:
    slope = float(np.float32(alpha))
    return one(LeakyRelu(slope), source, target, {"alpha": slope})


EDGES = (
    one(Logistic(), (0.05, 0), LOGISTIC_OUT),
    one(Logistic(), (1 / 16, -128), LOGISTIC_OUT),  # radius 240: codes on both sides of it
    one(Logistic(), (7.99, 3), LOGISTIC_OUT),  # only the zero point is inside the radius
    one(Logistic(), (8.0, 3), LOGISTIC_OUT),  # nothing is
    one(Logistic(), (1000.0, 127), LOGISTIC_OUT),
    one(Logistic(), (1e-6, -5), LOGISTIC_OUT),
    one(Tanh(), (0.03, 4), TANH_OUT),
    one(Tanh(), (15 / 255, 127), TANH_OUT),
    one(Tanh(), (40.0, -128), TANH_OUT),
    one(Tanh(), (1e-6, 0), TANH_OUT),
    one(Relu(), (0.1, 0), (0.1, 0)),
    one(Relu(), (0.1, 7), (0.05, -128)),
    one(Relu(), (0.5, -3), (0.01, 127)),  # saturates; a large left shift
    one(Relu(), (0.001, 100), (3.0, 5)),
    one(Relu6(), (0.05, -10), (0.05, -10)),
    one(Relu6(), (6 / 255, -128), (6 / 255, -128)),
    one(Relu6(), (0.5, 126), (0.5, 126)),  # six is past the last code
    one(Relu6(), (0.05, -10), (6 / 255, -128)),  # TFLM does not rescale
    leaky(0.2, (0.1, 5), (0.07, -40)),
    leaky(0.0, (0.1, 5), (0.07, -40)),
    leaky(-0.5, (0.1, -128), (0.1, 0)),
    leaky(3.0, (0.01, 127), (0.5, -128)),
    one(HardSwish(), (0.05, 0), (0.04, -118), {}),
    one(HardSwish(), (0.0001, -128), (0.01, 3), {}),  # the gate's multiplier shifts right
    one(HardSwish(), (3.0, 127), (2.5, -128), {}),  # and left, with saturation
    one(Quantize(), (0.1, -4), (0.05, 20), {}),
    one(Quantize(), (0.1, -4), (10.0, -20), {}),
    one(Quantize(), (2.0, 127), (0.001, -128), {}),
)


def random_cases(count: int) -> Iterator[Case]:
    rng = np.random.default_rng(20)
    for _ in range(count):
        scale = float(np.exp(rng.uniform(-8.0, 2.5)))
        source = (scale, int(rng.integers(-128, 128)))
        ratio = float(np.exp(rng.uniform(-3.0, 3.0)))
        target = (scale * ratio, int(rng.integers(-128, 128)))
        yield one(Logistic(), source, LOGISTIC_OUT)
        yield one(Tanh(), source, TANH_OUT)
        yield one(Relu(), source, target)
        yield one(Relu6(), source, source)
        yield leaky(float(rng.normal()), source, target)
        yield one(HardSwish(), source, target, {})
        yield one(Quantize(), source, target, {})


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm(EDGES)


def test_random_scales_equal_tflm() -> None:
    check_against_tflm(list(random_cases(40)))


def test_the_kernel_equals_the_reference(tmp_path: Path) -> None:
    check(EDGES, tmp_path)


def test_all_of_them_lower_to_a_table_that_may_work_in_place() -> None:
    for each in EDGES:
        (call,) = each.op.lower(each.io)
        assert isinstance(call, KernelCall)
        assert call.kernel == portable("lookup")
        assert call.constants["table"].data.shape == (256,)
        assert call.overlaps == (Overlap(0, 0, each.io.output.nbytes),)


def test_quantizing_to_the_same_quantization_is_no_code() -> None:
    same = one(Quantize(), (0.1, 3), (0.1, 3), {})
    assert same.op.lower(same.io) == (Alias(0, 1),)


@pytest.mark.parametrize(
    ("target", "op"),
    [
        (int8((1, 256), 1 / 256, 0), Logistic()),  # its zero point is fixed at -128
        (int8((1, 256), 1e-9, 0), HardSwish()),
        (int8((1, 256), (0.1, 0.2)), Tanh()),
    ],
)
def test_unsupported_quantizations_are_refused(op: Parsed, target: Tensor) -> None:
    bad = case(op, [int8((1, 256), 0.5, 3)], [target], values=[])
    with pytest.raises(UnsupportedModel, match=op.kind):
        op.lower(bad.io)


@pytest.mark.parametrize("scale", [0.01, 0.05, 0.1, 0.5])
def test_the_references_are_close_to_the_real_functions(scale: float) -> None:
    """Independent of TFLM, which may be absent: within 1 code of float arithmetic."""
    real = (ALL_CODES.astype(np.float64) - 3) * float(np.float32(scale))
    for op, (out_scale, zero_point), exact in (
        (Logistic(), LOGISTIC_OUT, 1.0 / (1.0 + np.exp(-real))),
        (Tanh(), TANH_OUT, np.tanh(real)),
        (HardSwish(), (scale, -20), real * np.clip(real + 3.0, 0.0, 6.0) / 6.0),
    ):
        mapped = one(op, (scale, 3), (out_scale, zero_point))
        ideal = np.clip(np.round(exact / out_scale) + zero_point, -128, 127)
        assert np.abs(mapped.expected[0][0] - ideal).max() <= 1, op
