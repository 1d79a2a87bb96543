"""MUL of the set `dsp`: equal to the reference on every core that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.ops.dsp_cases import near, variants
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_elementwise import SMALL, binary, random_cases
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.mul import VARIANTS, affine
from tinygen.ir import Shape
from tinygen.ops.mul import Mul

CODES = np.arange(256, dtype=np.uint8).view(np.int8)
GATE = ((0.02, -128), (1 / 256, -128), (0.02, -128))
"""Of a channel's weight from a LOGISTIC, as squeeze and excitation has it."""


def every_pair(*quants: tuple[float, int]) -> Case:
    """All 65536 pairs of codes, of two tensors of one shape."""
    grid = np.meshgrid(CODES, CODES, indexing="ij")
    return binary(Mul, ((256, 256),) * 2, quants, values=[[np.ascontiguousarray(g) for g in grid]])


def edges() -> Iterator[Case]:
    shapes: tuple[Shape, ...] = ((1, 1), (3,), (4,), (5,), (16,), (3, 5, 7), (1, 8, 8, 3))
    for quants in (SMALL, GATE):
        yield from (binary(Mul, (shape, shape), quants) for shape in shapes)
        yield binary(Mul, ((1, 6, 5, 16), (1, 1, 1, 16)), quants)
        yield binary(Mul, ((11,), (1, 3, 4, 11)), quants)
        yield every_pair(*quants)
    yield every_pair((0.5, 127), (0.5, -128), (40.0, 3))
    yield every_pair((3.0, 127), (0.7, -128), (0.05, 0))  # nearly everything saturates
    yield every_pair((0.001, 5), (0.002, -7), (0.9, 11))  # one code
    constant = np.random.default_rng(0).integers(-128, 128, (3, 7), dtype=np.int8)
    yield binary(Mul, ((3, 7), (3, 7)), constant=(None, constant))
    yield binary(Mul, ((3, 7), (7,)), GATE, constant=(None, constant[0]))


RANDOM = tuple(one for one in random_cases(30) if isinstance(one.op, Mul))


@pytest.mark.parametrize("cases", [tuple(edges()), RANDOM], ids=["edges", "random"])
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([*edges()]) == set(VARIANTS)


def test_costs_are_as_estimated(tmp_path: Path) -> None:
    near(
        [
            binary(Mul, ((1, 12, 12, 16),) * 2),
            binary(Mul, ((1, 9, 9, 7),) * 2, GATE),
            binary(Mul, ((1, 12, 12, 24), (1, 1, 1, 24)), GATE),
        ],
        tmp_path,
    )


def test_most_scales_have_a_map() -> None:
    """But those whose scales say that all codes are one."""
    rng = np.random.default_rng(4)
    found = []
    for seed in range(24):
        a, b, share = (float(np.exp(rng.uniform(-6, -2))) for _ in range(3))
        points = [int(p) for p in rng.integers(-128, 128, 3)]
        quants = tuple(zip((a, b, a * b * 1000 * share), points, strict=True))
        one = binary(Mul, ((4,), (4,)), quants, seed=seed)
        assert isinstance(one.op, Mul)
        found.append(affine(one.op, one.io) is not None)
    assert sum(found) >= 0.8 * len(found)


@pytest.mark.parametrize(
    "case",
    [
        binary(Mul, ((3, 4, 5), (3, 4, 1))),
    ],
    ids=["broadcast in a row"],
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
