"""`.csv` files: one sample per row, a header and a label column if there are."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinygen.data.arrays import several_inputs
from tinygen.data.raw import MAX_BYTES, Raw, too_large
from tinygen.errors import InputError
from tinygen.ir import Edge

_LABEL_NAMES = ("label", "labels", "class", "target", "y")


def read_csv(path: Path, inputs: Sequence[Edge]) -> Raw:
    """The rows of a table for a model with one input.

    A first row with anything but numbers is the header; its column `label` holds the labels,
    numbers or class names. Columns are separated by commas, semicolons or tabs.
    """
    if len(inputs) != 1:
        raise several_inputs(path, inputs)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise too_large(path, size)
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = [row for row in csv.reader(text.splitlines(), delimiter=_delimiter(text)) if row]
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        raise InputError(
            f"'{path}' is no readable table",
            why=str(error)[:200],
            next_step="save it as UTF-8 text with one sample per row",
        ) from error
    if not rows:
        raise InputError(f"'{path}' is empty", why="it has no rows", next_step="give data")
    header = [cell.strip() for cell in rows[0]] if not _all_numbers(rows[0]) else None
    body = rows[1:] if header else rows
    label_column = _label_column(header) if header else None
    return _parse(path, body, label_column, first_line=2 if header else 1, edge=inputs[0])


def _delimiter(text: str) -> str:
    line = text.split("\n", 1)[0]
    return max(",;\t", key=line.count)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _all_numbers(row: list[str]) -> bool:
    return all(_is_number(cell) or not cell.strip() for cell in row)


def _label_column(header: list[str]) -> int | None:
    lowered = [name.lower() for name in header]
    return next((lowered.index(name) for name in _LABEL_NAMES if name in lowered), None)


def _parse(
    path: Path, rows: list[list[str]], label_column: int | None, *, first_line: int, edge: Edge
) -> Raw:
    if not rows:
        return Raw((np.empty((0, edge.elements)),))
    width = len(rows[0])
    columns = [column for column in range(width) if column != label_column]
    if len(columns) != edge.elements:
        hint = ""
        if len(columns) == edge.elements + 1 and label_column is None:
            hint = "; if one column holds labels, name it 'label' in a header row"
        raise InputError(
            f"'{path}' does not fit the model's input {edge}",
            why=f"a row has {len(columns)} values; the model takes {edge.elements}{hint}",
            next_step="give one row per sample with the input's values in C order",
        )
    values = np.empty((len(rows), len(columns)), np.float64)
    labels: list[str] = []
    for index, row in enumerate(rows):
        line = first_line + index
        if len(row) != width:
            raise InputError(
                f"'{path}' has rows of different lengths",
                why=f"row {line} has {len(row)} values, the first has {width}",
                next_step="mend or leave out that row",
            )
        try:
            values[index] = [row[column] for column in columns]
        except ValueError:
            bad = next(column for column in columns if not _is_number(row[column]))
            raise InputError(
                f"'{path}' holds something that is no number",
                why=f"row {line}, column {bad + 1}: '{row[bad][:40]}'",
                next_step="mend or leave out that row",
            ) from None
        if label_column is not None:
            labels.append(row[label_column].strip())
    if label_column is None:
        return Raw((values,))
    return _with_labels(values, labels)


def _with_labels(values: np.ndarray, labels: list[str]) -> Raw:
    if all(_is_number(label) for label in labels):
        return Raw((values,), np.array([float(label) for label in labels]))
    names = sorted(set(labels))
    numbers = np.array([names.index(label) for label in labels], np.int64)
    warning = f"class numbers are given to the labels by name: {numbered(names)}"
    return Raw((values,), numbers, (warning,), tuple(names))


def numbered(names: Sequence[str]) -> str:
    """Class names with their numbers, shortened: `0 cat, 1 dog`."""
    shown = ", ".join(f"{number} {name}" for number, name in enumerate(names[:10]))
    return shown + (f", ... {len(names) - 1} {names[-1]}" if len(names) > 10 else "")
