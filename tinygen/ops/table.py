"""A table of int8 codes that a pass worked out. No file holds this operator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.ir import Array, Operands
from tinygen.ops.fixed_point import Int64
from tinygen.ops.lookup import Lookup


@dataclass(frozen=True)
class Table(Lookup):
    function: str
    """What the table stands for, e.g. ELU."""
    results: tuple[int, ...]
    """The output code for each input code, -128 first."""

    kind = "TABLE"

    def codes(self, io: Operands, codes: Int64) -> Array:  # noqa: ARG002
        return np.array(self.results, np.int64)[codes + 128]
