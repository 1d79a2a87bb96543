"""SHIFT: the same bytes at another place, on the host and on the cores."""

from __future__ import annotations

from pathlib import Path

from tests.ops.harness import case, check, int8
from tinygen.ops.shift import Shift


def test_shift(tmp_path: Path) -> None:
    shapes = ((1, 1), (1, 3, 5), (1, 16, 16, 3))
    check([case(Shift(), [int8(s, 0.1)], [int8(s, 0.1)], name=str(s)) for s in shapes], tmp_path)
