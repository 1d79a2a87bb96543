"""Tables of the set `dsp`: equal to the reference on every core that runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.ops import test_op_lookup
from tests.ops.dsp_cases import near, variants
from tests.ops.harness import Case, case, check, int8
from tests.ops.test_op_elementwise import binary
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.engines.aot.kernel_sets.dsp.lookup import VARIANTS
from tinygen.ops.add import Add
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.mul import Mul


def of_length(count: int) -> Case:
    shape = (1, count)
    return case(HardSwish(), [int8(shape, 0.05, 3)], [int8(shape, 0.04, -100)], name=f"{count}")


SCALAR = np.array(-77, np.int8)
CASES = (
    *test_op_lookup.EDGES,
    *(of_length(count) for count in (1, 7, 8, 9, 16, 31)),
    *(binary(kind, ((2, 9), ()), constant=(None, SCALAR)) for kind in (Add, Mul)),
)


def test_it_equals_the_reference(tmp_path: Path) -> None:
    check(CASES, tmp_path, kernel_set=Dsp())


def test_every_variant_is_reached() -> None:
    assert variants(CASES) == set(VARIANTS)


def test_costs_are_as_estimated(tmp_path: Path) -> None:
    near([of_length(1000), of_length(125)], tmp_path)
