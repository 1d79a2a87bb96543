"""Random cases of the operators, and a command that holds many of them against the oracle.

    python -m tests.ops.drawn 200              # 200 of each operator: TFLM, or LiteRT where TFLM
    python -m tests.ops.drawn 200 SPLIT TILE   # has no kernel; then of each function in float

The tests take a few of the same: a case hangs on its operator and its number alone.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tests.ops.drawn_codes import CODES
from tests.ops.drawn_islands import ISLANDS, check_islands
from tests.ops.drawn_layers import LAYERS
from tests.ops.drawn_moves import MOVES
from tests.ops.drawn_numbers import NUMBERS
from tests.ops.drawn_places import PLACES
from tests.ops.drawn_plain import PLAIN
from tests.ops.drawn_products import PRODUCTS
from tests.ops.drawn_reals import REALS, check_reals, reals
from tests.ops.drawn_recurrent import RECURRENT
from tests.ops.drawn_shapes import SHAPES
from tests.ops.drawn_sums import SUMS
from tests.ops.harness import Case
from tests.ops.oracle import check_against_litert, check_against_tflm

DRAWN: Mapping[str, Callable[[np.random.Generator], Case]] = {
    **CODES,
    **LAYERS,
    **MOVES,
    **NUMBERS,
    **PLACES,
    **PLAIN,
    **PRODUCTS,
    **RECURRENT,
    **SHAPES,
    **SUMS,
}
NOT_TFLMS = frozenset(
    {"TILE", "SPACE_TO_BATCH_ND", "EXP", "LOG", "SQRT", "GELU", "SELECT", "RELU_N1_TO_1"}
)
"""Operators whose oracle is LiteRT. TFLM's SPACE_TO_BATCH_ND has a border of what its memory
happens to hold."""
FEW = 6
"""What a test takes of each."""


def drawn(kinds: Sequence[str], count: int = FEW) -> list[Case]:
    """The first `count` random cases of each of these operators."""
    return [
        DRAWN[kind](np.random.default_rng([zlib.crc32(kind.encode()), number]))
        for kind in kinds
        for number in range(count)
    ]


def check_drawn(kinds: Sequence[str], count: int = FEW) -> None:
    """Those cases' references equal their oracle's."""
    check_against_tflm(drawn([kind for kind in kinds if kind not in NOT_TFLMS], count))
    check_against_litert(drawn([kind for kind in kinds if kind in NOT_TFLMS], count))


def main(words: Sequence[str]) -> None:
    count, kinds = int(words[0]) if words else 200, words[1:]
    for kind in kinds or DRAWN:
        check_drawn([kind], count)
        print(f"{kind}: {count} random cases equal {'LiteRT' if kind in NOT_TFLMS else 'TFLM'}")
    for kind in () if kinds else ISLANDS:
        check_islands([kind], count)
        print(f"{kind} in float, as a table: {count} random cases equal")
    for kind in () if kinds else REALS:
        check_reals(reals(count, [kind]))
        print(f"{kind} in float: {count} random cases equal")


if __name__ == "__main__":
    main(sys.argv[1:])
