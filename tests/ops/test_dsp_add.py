"""ADD and SUB of the set `dsp`: equal to the reference on every core that runs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.ops.dsp_cases import near, variants
from tests.ops.harness import Case, check, offered
from tests.ops.test_op_elementwise import SMALL, binary, random_cases
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.add import VARIANTS, affine
from tinygen.ir import Shape
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.sub import Sub

CODES = np.arange(256, dtype=np.uint8).view(np.int8)
RELU = ((0.05, -3), (0.11, 40), (0.13, -128))


def every_pair(kind: type[Add], *quants: tuple[float, int]) -> Case:
    """All 65536 pairs of codes, of two tensors of one shape."""
    grid = np.meshgrid(CODES, CODES, indexing="ij")
    return binary(kind, ((256, 256),) * 2, quants, values=[[np.ascontiguousarray(g) for g in grid]])


def edges() -> Iterator[Case]:
    shapes: tuple[Shape, ...] = ((1, 1), (7,), (8,), (9,), (16,), (3, 5, 7), (1, 8, 8, 3))
    for kind in (Add, Sub):
        yield from (binary(kind, (shape, shape)) for shape in shapes)
        yield binary(kind, ((4, 9),) * 2, RELU, Activation.RELU)
        yield every_pair(kind, *SMALL)
        yield every_pair(kind, (0.5, -128), (0.013, 127), (0.5, 127))
        yield binary(kind, ((1, 6, 5, 16), (16,)))
        yield binary(kind, ((1, 1, 1, 11), (1, 3, 4, 11)))
        constant = np.random.default_rng(0).integers(-128, 128, (3, 7), dtype=np.int8)
        yield binary(kind, ((3, 7), (3, 7)), constant=(None, constant))
        yield binary(kind, ((3, 7), (3, 7)), constant=(constant, None))
    yield every_pair(Add, (3.0, 127), (0.7, -128), (0.01, 0))  # nearly everything saturates


RANDOM = tuple(one for one in random_cases(30) if isinstance(one.op, Add))


@pytest.mark.parametrize("cases", [tuple(edges()), RANDOM], ids=["edges", "random"])
def test_it_equals_the_reference(cases: tuple[Case, ...], tmp_path: Path) -> None:
    check(cases, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants([*edges()]) == set(VARIANTS)


def test_costs_are_as_estimated(tmp_path: Path) -> None:
    near(
        [
            binary(Add, ((1, 12, 12, 16),) * 2),
            binary(Sub, ((1, 9, 9, 7),) * 2),
            binary(Add, ((1, 12, 12, 24), (1, 1, 1, 24))),
        ],
        tmp_path,
    )


def test_most_scales_have_a_map() -> None:
    """But halves that ADD rounds away from zero on both sides of it."""
    cases = [one for one in random_cases(40) if type(one.op) is Add]
    plain = [one for one in cases if one.op.activation is Activation.NONE]  # type: ignore[attr-defined]
    found = [affine(one.op, one.io) is not None for one in plain if isinstance(one.op, Add)]
    assert len(found) > 5
    assert sum(found) >= 0.8 * len(found)
    halves = binary(Add, ((4,), (4,)), ((1.0, 0), (1.0, 0), (2.0, 0)))
    assert isinstance(halves.op, Add)
    assert affine(halves.op, halves.io) is None


@pytest.mark.parametrize(
    "case",
    [
        binary(Add, ((3, 4, 5), (3, 4, 1))),
        binary(Add, ((4, 8), (4, 8)), ((1.0, 0), (1.0, 0), (2.0, 0))),
    ],
    ids=["broadcast in a row", "halves"],
)
def test_what_it_leaves_to_portable(case: Case) -> None:
    with pytest.raises(AssertionError, match="none of the cases"):
        offered([case], Dsp())
