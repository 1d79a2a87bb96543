"""`.csv` files: one sample per row, a header and a label column if there are.

The first rows tell how the table is written and what its columns are; then it is read row by row.
"""

from __future__ import annotations

import codecs
import csv
import itertools
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tinygen.data.arrays import several_inputs
from tinygen.data.columns import Columns, Table, arrange
from tinygen.data.dialect import POINT, SEPARATORS, Dialect, recognise, split
from tinygen.data.raw import MAX_VALUES, Raw, too_large
from tinygen.errors import InputError
from tinygen.ir import Edge

_LOOK_ROWS = 200
_LOOK_CHARACTERS = 1 << 20
_MAX_LINE = 1 << 24


def read_csv(path: Path, inputs: Sequence[Edge]) -> Raw:
    """The rows of a table for a model with one input.

    Columns are separated by commas, semicolons, tabs, bars or white space; numbers have a decimal
    point or comma. Lines that begin with # are comments. A first row that names the columns is a
    header. A column of labels and one that numbers the rows are found by name and by content. What
    is guessed is said.
    """
    if len(inputs) != 1:
        raise several_inputs(path, inputs)
    edge = inputs[0]
    try:
        table = _look(path, edge)
        columns = arrange(table, edge.elements, str(edge))
        values, labels = _values(path, table.dialect, columns)
    except (UnicodeError, csv.Error, OSError) as error:
        raise _unreadable(path, error) from error
    said = (*_said(table), *columns.said)
    samples = np.frombuffer(values, np.float32).reshape(-1, edge.elements)
    if columns.label is None:
        return Raw((samples,), None, said)
    return Raw((samples,), np.array(labels), said)


class _Lines:
    """The lines of a file without comments; `number` is that of the last one, from 1 on; `plain`
    if it holds only ASCII and no underscore."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.number = 0
        self.comment = ""
        self.plain = True

    def __iter__(self) -> Iterator[str]:
        with self._path.open(encoding=_encoding(self._path)) as file:
            while line := file.readline(_MAX_LINE):
                if len(line) == _MAX_LINE:
                    raise csv.Error(f"line {self.number + 1} has {_MAX_LINE} characters or more")
                self.number += 1
                if line.lstrip().startswith("#"):
                    self.comment = line.strip().lstrip("#")
                    continue
                if "#" in line and '"' not in line:
                    line = line.replace("\t#", " #").split(" #", 1)[0]
                self.plain = line.isascii() and "_" not in line
                yield line


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(2)
    return "utf-16" if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"


def _look(path: Path, edge: Edge) -> Table:
    """The first rows and how they are written."""
    lines: list[str] = []
    source = _Lines(path)
    comment = ""
    characters = 0
    for line in source:
        if not line.strip():
            continue
        if not lines:
            comment = source.comment
        lines.append(line)
        characters += len(line)
        if len(lines) > _LOOK_ROWS or (characters > _LOOK_CHARACTERS and len(lines) > 3):
            break
    dialect = recognise(lines, edge.elements)
    if dialect.rival is not None:
        raise _undecided(path, dialect, lines)
    rows = list(dialect.split(lines))
    if not rows:
        raise InputError(f"'{path}' is empty", why="it has no rows", next_step="give data")
    names = next(split([comment], dialect.separator), []) if comment.strip() else []
    if len(names) != len(rows[0]) or any(dialect.numbers.parse(name) is not None for name in names):
        names = []
    return Table(path, rows, dialect, names)


def _said(table: Table) -> Iterator[str]:
    """What was found out about how the table is written, where it is not the usual."""
    if table.dialect.separator not in ",;\t":
        yield f"the columns of the table are separated by {SEPARATORS[table.dialect.separator]}"
    if table.dialect.numbers != POINT:
        yield f"the numbers of the table are read with {table.dialect.numbers}"


def _values(path: Path, dialect: Dialect, columns: Columns) -> tuple[array[float], list[str]]:
    """All values, row after row, as float32, and the labels."""
    source = _Lines(path)
    rows = dialect.split(source)
    values = array("f")
    labels: list[str] = []
    for row in itertools.islice(rows, 1 if columns.header else 0, None):
        if len(row) != columns.width:
            raise InputError(
                f"'{path}' has rows of different lengths",
                why=f"split at {SEPARATORS[dialect.separator]}, row {source.number} has {len(row)}"
                f" values, others have {columns.width}",
                next_step="mend or leave out that row",
            )
        try:
            # float() also takes 1_000 and the digits of other scripts, which are no numbers here.
            quick = dialect.numbers == POINT and source.plain
            numbers = [float(row[column]) for column in columns.values] if quick else None
        except ValueError:
            numbers = None
        if numbers is None:
            numbers = [
                _number(path, dialect, row[column], source.number, column)
                for column in columns.values
            ]
        values.extend(numbers)
        if columns.label is not None:
            labels.append(row[columns.label])
            if not labels[-1]:
                raise _no_number(path, dialect, "", source.number, columns.label)
        if len(values) > MAX_VALUES:
            raise too_large(path, len(values))
    return values, labels


def _number(path: Path, dialect: Dialect, cell: str, row: int, column: int) -> float:
    number = dialect.numbers.parse(cell)
    if number is None:
        raise _no_number(path, dialect, cell, row, column)
    return number


def _no_number(path: Path, dialect: Dialect, cell: str, row: int, column: int) -> InputError:
    where = f"row {row}, column {column + 1}"
    if not cell:
        return InputError(
            f"'{path}' has a cell without a value",
            why=f"{where} is empty",
            next_step="mend or leave out that row",
        )
    other = "" if dialect.numbers == POINT else f" with {dialect.numbers}"
    return InputError(
        f"'{path}' holds something that is no number",
        why=f"{where}: '{cell[:40]}' is no number{other} (the columns are split at"
        f" {SEPARATORS[dialect.separator]})",
        next_step="mend or leave out that row",
    )


def _undecided(path: Path, dialect: Dialect, lines: Sequence[str]) -> InputError:
    assert dialect.rival is not None
    cell, one, other = next(
        (cell, dialect.numbers.parse(cell), dialect.rival.parse(cell))
        for row in dialect.split(lines)
        for cell in row
        if dialect.numbers.parse(cell) != dialect.rival.parse(cell)
    )
    return InputError(
        f"'{path}' does not say what the comma in its numbers means",
        why=f"'{cell}' can be {one:g} or {other:g}, and no other number of the first rows tells"
        f" which (the columns are split at {SEPARATORS[dialect.separator]})",
        next_step="save the table with a decimal point and without separators of thousands",
    )


def _unreadable(path: Path, error: Exception) -> InputError:
    why = str(error)[:200]
    if "field limit" in why:
        why = "a cell has more than 131,072 characters: a quotation mark may not be closed"
    return InputError(
        f"'{path}' is no readable table",
        why=why,
        next_step="save it as UTF-8 text with one sample per row",
    )
