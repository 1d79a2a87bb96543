"""More kernels of int16 activations: C, the numpy reference and TensorFlow Lite Micro are equal."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, tensor
from tests.ops.oracle import check_against_tflm
from tests.ops.test_int16 import EVERY, SOME, function, int16
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Shape
from tinygen.ops.abs import Abs
from tinygen.ops.batch_matmul import BatchMatmul
from tinygen.ops.comparison import Greater
from tinygen.ops.prelu import Prelu
from tinygen.ops.rsqrt import Rsqrt
from tinygen.ops.select import SelectV2


def functions(codes: Array = SOME) -> list[Case]:
    not_negative = codes[codes >= 0]
    cases = [function(Abs(), codes, 0.0007, made) for made in (0.0007, 0.0003, 0.0021)]
    scales = ((0.0007, 0.004), (3e-5, 0.02), (0.1, 1e-4), (1e-6, 0.03))
    return cases + [function(Rsqrt(), not_negative, *pair) for pair in scales]


def prelu(shape: Shape, slopes: Shape, made: float, zero: int = 0) -> Case:
    rng = np.random.default_rng(len(shape))
    data = rng.integers(-128, 128, slopes).astype(np.int8)
    data.reshape(-1)[:2] = (-128, 127)[: data.size]
    inputs = [int16(shape, 0.0008), int8(data=data, scale=0.01, zero_point=zero)]
    return case(Prelu(), inputs, [int16(scale=made)], name=f"{shape} {slopes} {made:g}")


def slopes() -> list[Case]:
    return [
        prelu((1, 3, 4, 5), (1, 1, 5), 0.0008),
        prelu((2, 7), (7,), 0.0003),
        prelu((1, 2, 3, 2), (1, 2, 3, 2), 0.01),
        prelu((3, 4), (1,), 0.0011, zero=-128),
        prelu((2, 2, 3), (2, 1, 1), 0.0008, zero=7),
    ]


def matmul(first: Shape, second: Shape, transposed: tuple[bool, bool], made: float) -> Case:
    return case(
        BatchMatmul(transposed),
        [int16(first, 0.0003), int16(second, 0.0007)],
        [int16(scale=made)],
        name=f"{first} {second} {transposed}",
        options={"adjX": transposed[0], "adjY": transposed[1]},
        random_vectors=3,
    )


def products() -> list[Case]:
    cases = []
    for adj_x, adj_y in itertools.product((False, True), repeat=2):
        turned = adj_x, adj_y
        first, second = (3, 5), (5, 4)
        shapes = (first[::-1] if turned[0] else first), (second[::-1] if turned[1] else second)
        cases += [
            matmul((1, *shapes[0]), (1, *shapes[1]), turned, 0.004),
            matmul((2, 3, *shapes[0]), (2, 3, *shapes[1]), turned, 0.01),
            matmul((2, 1, *shapes[0]), (1, 3, *shapes[1]), turned, 0.0006),
        ]
    # All of the largest: sums of 45 bits, and codes that saturate.
    return [*cases, matmul((1, 1, 20000), (1, 20000, 1), (False, False), 0.1)]


def choices() -> list[Case]:
    def chosen(condition: Shape, yes: Shape, no: Shape) -> Case:
        inputs = [tensor(condition, DType.BOOL), int16(yes), int16(no)]
        return case(SelectV2(), inputs, [int16()], name=f"{condition} {yes} {no}", options={})

    return [chosen((2, 3), (2, 3), (2, 3)), chosen((2, 1, 3), (1, 4, 1), (2, 4, 3))]


GROUPS = {
    "functions": functions,
    "slopes": slopes,
    "products": products,
    "choices": choices,
}


@pytest.mark.parametrize("group", GROUPS)
def test_kernel_reference_and_tflm_are_equal(group: str, tmp_path: Path) -> None:
    cases = GROUPS[group]()
    check_against_tflm(cases)
    check(cases, tmp_path)


def test_functions_of_every_code_equal_tflm() -> None:
    check_against_tflm(functions(EVERY))


def test_slopes_are_int8() -> None:
    one = case(Prelu(), [int16((4,)), int16((4,))], [int16()])
    with pytest.raises(UnsupportedModel, match="int16"):
        one.op.lower(one.io)


def test_a_comparison_is_refused() -> None:
    """TensorFlow Lite Micro has GREATER alone, which forgets to prepare its scales."""
    one = case(Greater(), [int16((4,)), int16((4,))], [tensor((4,), DType.BOOL)])
    with pytest.raises(UnsupportedModel, match="int16"):
        one.op.lower(one.io)
