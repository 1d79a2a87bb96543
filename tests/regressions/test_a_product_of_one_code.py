"""On a Cortex-M55 a MUL whose scales make one code of every product gave others.

The kernel has one code for such a layer as what no products come to, and multiplied all the same.
"""

from __future__ import annotations

from pathlib import Path

from tests.ops.harness import check
from tests.ops.test_op_elementwise import binary
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.ops.mul import Mul

QUANTS = ((0.001, 5), (0.002, -7), (0.9, 11)), ((0.5, -128), (0.5, -128), (0.001, 127))


def test_every_product_has_it(tmp_path: Path) -> None:
    cases = [binary(Mul, ((1, 24), (1, 24)), quants) for quants in QUANTS]
    check(cases, tmp_path, kernel_set=Mve())
