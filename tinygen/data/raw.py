"""What a data file holds before it is held against the model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tinygen.errors import InputError

MAX_VALUES = 1 << 28
"""More values than this, 1 GiB as float32, are refused before they are read."""


@dataclass(frozen=True, eq=False)
class Raw:
    """Arrays in the order of the model's inputs, labels as found, and what to tell the user.

    Labels are numbers, one-hot rows or texts. `class_names` are the names of the classes that
    labels from 0 on stand for, where the data says them; `names` are the samples' own, of files.
    """

    arrays: tuple[np.ndarray, ...]
    labels: np.ndarray | None = None
    warnings: tuple[str, ...] = ()
    class_names: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


def too_large(path: Path, values: int) -> InputError:
    """The error for data that does not fit into memory."""
    return InputError(
        f"the data '{path}' is too large",
        why=f"it holds {values:,} values or more; the limit is {MAX_VALUES:,} (1 GiB as float32)",
        next_step="give fewer samples: a few hundred that cover the classes are enough",
    )
