"""What the regressions of data files share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tinygen.data import Dataset, read_data
from tinygen.errors import InputError
from tinygen.ir import Edge


def table(folder: Path, text: str | bytes, size: int) -> Dataset:
    """A table for a model of one row of `size` values."""
    path = folder / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_data(path, [Edge.real("features", (1, size))])


def refused(path: Path, *inputs: Edge) -> InputError:
    """The error that the data give, which says why and what to do."""
    with pytest.raises(InputError) as caught:
        read_data(path, inputs)
    assert caught.value.exit_code == 2
    assert caught.value.why
    assert caught.value.next_step
    return caught.value


def refused_table(folder: Path, text: str | bytes, size: int) -> InputError:
    """The error that a table gives."""
    path = folder / "data.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return refused(path, Edge.real("features", (1, size)))


def said(data: Dataset, part: str) -> bool:
    """Whether a warning says it."""
    return any(part in warning for warning in data.warnings)


def rows(count: int, size: int, decimals: int = 3) -> list[list[str]]:
    """Numbers in -1..1 as people write them, the same each time."""
    numbers = np.random.default_rng(3).uniform(-1, 1, (count, size))
    return [[f"{number:.{decimals}f}" for number in row] for row in numbers]
