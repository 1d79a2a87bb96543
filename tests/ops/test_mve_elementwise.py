"""The kernel set mve's ADD, SUB, MUL and tables equal the reference on the emulated Cortex-M55, for
every pair of codes, and pools on windows of all sorts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.ops import test_op_lookup, test_op_pool_2d
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_elementwise import binary
from tests.ops.test_op_pool_2d import pool
from tinygen.boards import Core
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.engines.aot.kernel_sets.mve.pool import division
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.elementwise import Elementwise
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.mul import Mul
from tinygen.ops.spatial import Padding
from tinygen.ops.sub import Sub

CODES = np.arange(256, dtype=np.uint8).view(np.int8)
PAIRS = [
    [np.repeat(some, 256).reshape(1, -1), np.tile(CODES, len(some)).reshape(1, -1)]
    for some in np.split(CODES, 16)
]
"""All of them, as 16 vectors."""
Quants = tuple[tuple[float, int], ...]


def every_pair(
    kind: type[Elementwise], quants: Quants, activation: Activation = Activation.NONE
) -> Case:
    shape = (1, 4096)
    return binary(kind, (shape, shape), quants, activation, values=PAIRS)


def pairs() -> Iterator[Case]:
    rng = np.random.default_rng(9)
    for kind in (Add, Sub, Mul):
        unit = 0.05 if kind is Mul else 1.0
        for activation in (Activation.NONE, Activation.RELU, Activation.RELU6):
            for _ in range(3):
                scales = rng.uniform(0.01, 0.2, 2)
                target = float(rng.uniform(0.5, 2.0)) * float(scales.max()) * unit * 2
                points = [int(p) for p in rng.integers(-128, 128, 3)]
                both = zip((*map(float, scales), target), points, strict=True)
                yield every_pair(kind, tuple(both), activation)


def lengths() -> Iterator[Case]:
    """Ends that fill no vector, and one row that meets many."""
    quants = ((0.05, -3), (0.11, 40), (0.13, -128))
    for kind in (Add, Mul):
        for length in (1, 7, 8, 9, 31):
            yield binary(kind, ((1, length), (1, length)), quants, Activation.RELU, seed=length)
        yield binary(kind, ((1, 5, 4, 24), (1, 1, 1, 24)), quants)
        yield binary(kind, ((11,), (1, 3, 4, 11)), quants)
        channels = np.random.default_rng(3).integers(-128, 128, 19, dtype=np.int8)
        yield binary(kind, ((1, 4, 4, 19), (19,)), quants, constant=(None, channels))


POOLS = (
    pool(AveragePool2D, "a keyword spotter's", (25, 5, 64), (25, 5)),
    pool(AveragePool2D, "16 by 16", (16, 16, 20), (16, 16)),
    pool(AveragePool2D, "clamped", (4, 4, 9), activation=Activation.RELU6),
    pool(AveragePool2D, "bordered", (10, 9, 40), (3, 3), (1, 1), Padding.SAME),
    pool(AveragePool2D, "one pixel in a corner", (5, 5, 19), (2, 2), padding=Padding.SAME),
    pool(MaxPool2D, "wide pixels", (7, 7, 40), (3, 3)),
    pool(MaxPool2D, "long windows", (8, 8, 24), (5, 5), (1, 1), Padding.SAME),
)


@pytest.mark.parametrize(
    "cases",
    [
        tuple(pairs()),
        (*lengths(), *test_op_lookup.EDGES),
        (*POOLS, *test_op_pool_2d.CASES),
    ],
    ids=["pairs", "lengths and tables", "pools"],
)
def test_the_kernels_equal_the_references(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Mve())


def test_an_affine_map_is_found_for_most_scales() -> None:
    sums = [one for one in pairs() if not isinstance(one.op, Mul)]
    assert len(offered(sums, Mve(), Core.CORTEX_M55)) > 0.8 * len(sums)


@pytest.mark.parametrize("count", [*range(2, 65), 121, 125, 169, 196, 225, 256])
def test_means_are_divided_exactly(count: int) -> None:
    sizes = np.arange(128 * count + count // 2 + 1)
    for doubled in (False, True)[: 1 + (count < 256)]:
        found = division(count, doubled)
        assert found is not None
        assert (sizes[-1] << doubled) < 1 << 16
        halves = ((sizes << doubled) * found[0]) >> 16
        np.testing.assert_array_equal(halves >> found[1], sizes // count)
