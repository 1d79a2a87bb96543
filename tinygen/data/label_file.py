"""A file with a label for each sample, for data that have none of their own."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from tinygen.data.arrays import UNREADABLE, read_label_array, unreadable
from tinygen.data.columns import is_label_name
from tinygen.errors import InputError
from tinygen.paths import exists, missing_path

_MOST_BYTES = 1 << 28
_FORMS = "a .txt file with one label a line, a .csv file with a column of labels, an .npy, an .npz"


def read_label_file(path: Path) -> np.ndarray:
    """Labels as they stand in the file: numbers, rows or texts, one for each sample.

    Raises InputError for what is no such file.
    """
    if not exists(path):
        raise missing_path(path, "labels")
    suffix = path.suffix.lower()
    try:
        if suffix in (".npy", ".npz"):
            return read_label_array(path)
        if path.is_file() and suffix in (".txt", ".csv") and path.stat().st_size <= _MOST_BYTES:
            text = path.read_text("utf-8-sig")
            return _lines(text) if suffix == ".txt" else _column(text)
    except (*UNREADABLE, csv.Error) as error:
        raise unreadable(path, error) from error
    raise InputError(
        f"'{path}' holds no labels of samples",
        why=f"it is no file of a kind that is read, or larger than {_MOST_BYTES:,} bytes",
        next_step=f"give {_FORMS}",
    )


def _lines(text: str) -> np.ndarray:
    lines = [line.strip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    return np.array(lines, np.str_)


def _column(text: str) -> np.ndarray:
    """The one column, that whose name is one of labels, or all where they are numbers."""
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    width = len(rows[0]) if rows else 1
    if any(len(row) != width for row in rows):
        raise ValueError(f"its rows have different lengths: the first has {width} cells")
    named = [i for i, cell in enumerate(rows[0]) if is_label_name(cell)] if rows else []
    if named:
        return np.array([row[named[0]].strip() for row in rows[1:]], np.str_)
    if width == 1:
        return np.array([row[0].strip() for row in rows], np.str_)
    try:
        return np.array([[float(cell) for cell in row] for row in rows], np.float64)
    except ValueError:
        raise ValueError(
            f"it has {width} columns, and none is named label, class, target or y"
        ) from None
