"""What a data file holds before it is held against the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen.errors import InputError

MAX_BYTES = 4 << 30
"""Data that needs more memory is refused before it is read."""


@dataclass(frozen=True, eq=False)
class Raw:
    """Arrays in the order of the model's inputs, labels as found, and what to tell the user."""

    arrays: tuple[np.ndarray, ...]
    labels: np.ndarray | None = None
    warnings: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    """What the labels' numbers stand for, where names were found."""


def too_large(path: Path, size: int) -> InputError:
    """The error for data that does not fit into memory."""
    return InputError(
        f"the data '{path}' is too large",
        why=f"it needs {size / 2**30:.1f} GiB of memory; the limit is {MAX_BYTES >> 30} GiB",
        next_step="give fewer samples: a few hundred that cover the classes are enough",
    )
