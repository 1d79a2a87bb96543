"""What the columns of a table are: values, labels, an index; and whether a header names them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tinygen.data.dialect import SEPARATORS, Dialect
from tinygen.errors import InputError

_LABEL_NAMES = re.compile(
    r"(class|label|target|category)(e?s)?([ _-]?(name|id|index|number))?|y|y[_-]?true|species"
)
_INDEX_NAMES = re.compile(r"|unnamed: ?0|index|id|idx|#|no\.?|nr\.?|row")
_COUNTS_UP_FROM = 8
"""A first row of as many numbers or more, each larger than the one before it, is a header where
no other row is so: as a sample it would be one of 8! = 40,320 orders. Of fewer, each has to be
the one before it and one more."""


def is_label_name(text: str) -> bool:
    """Whether a column of this name holds labels."""
    return _LABEL_NAMES.fullmatch(text.strip().lower()) is not None


@dataclass(frozen=True)
class Columns:
    """Which columns hold values and labels, of rows with `width` cells; `header` if the first row
    is one. `said` tells what was taken for what."""

    width: int
    header: bool
    values: tuple[int, ...]
    label: int | None
    said: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The first rows of a table, and the names that a comment above them gives its columns."""

    path: Path
    rows: Sequence[Sequence[str]]
    dialect: Dialect
    comment: Sequence[str] = ()

    def number(self, cell: str) -> float | None:
        """The number in a cell, None where it holds none."""
        return self.dialect.numbers.parse(cell)

    @property
    def separated(self) -> str:
        """How rows are split, for messages."""
        return f"split at {SEPARATORS[self.dialect.separator]}"


def arrange(table: Table, size: int, wanted: str) -> Columns:
    """What each column is, where `size` of them are the values of the input `wanted`.

    Raises InputError where that cannot be decided.
    """
    said: list[str] = []
    width = Counter(map(len, table.rows)).most_common(1)[0][0]
    header = _has_header(table, width, said)
    body = table.rows[1:] if header else table.rows
    names = list(table.rows[0]) if header else list(table.comment)
    if len(names) == width - 1:  # R leaves the index without a name
        names.insert(0, "")
    elif len(names) != width:
        names = []
    columns = [[row[i] for row in body if len(row) == width] for i in range(width)]
    empty = [i for i in range(width) if body and not any(columns[i])]
    rest = [i for i in range(width) if i not in empty]
    label = index = None
    spare = len(rest) - size
    if empty and (spare == 0 or len(rest) < width):
        said.append(f"{_listed(empty, names)} is empty and left out")
    if spare > 0:
        labels = _label_columns(table, columns, rest, names)
        indices = [
            i for i in rest[:1] if i not in labels and _is_index(table, columns[i], names, i)
        ]
        if len(labels) + len(indices) == spare and len(labels) <= 1:
            label = labels[0] if labels else None
            index = indices[0] if indices else None
            spare = 0
    if spare != 0:
        raise _misfit(table, width, size, wanted, names, _texts(table, columns, rest))
    if index is not None:
        said.append(f"{_listed([index], names)} counts the rows and is left out")
    if label is not None and not (names and _LABEL_NAMES.fullmatch(names[label].lower())):
        said.append(f"{_listed([label], names)} holds texts and is taken for the labels")
    values = tuple(i for i in rest if i not in (label, index))
    return Columns(width, header, values, label, tuple(said))


def _has_header(table: Table, width: int, said: list[str]) -> bool:
    first, body = table.rows[0], table.rows[1:]
    if not body:
        return all(table.number(cell) is None for cell in first if cell)
    if len(first) not in (width, width - 1):
        return False
    numbers = [cell for cell in first if table.number(cell) is not None]
    words = [
        cell
        for index, cell in enumerate(first, start=width - len(first))
        if cell and table.number(cell) is None and _is_name(table, cell, index)
    ]
    if not numbers:
        return bool(words)
    if any(not _is_known(word) for word in words) and not _is_numbered(table, words, numbers):
        return False  # a text among numbers is a mistake in a sample: it is found as such
    return bool(words) or _counts_like_a_header(table, numbers, said)


def _is_known(name: str) -> bool:
    return bool(_LABEL_NAMES.fullmatch(name.lower()) or _INDEX_NAMES.fullmatch(name.lower()))


def _is_numbered(table: Table, words: Sequence[str], numbers: Sequence[str]) -> bool:
    """Whether columns are named by words and by numbers that count: `time, 400, 410, ...`."""
    values = [table.number(cell) for cell in numbers]
    counts = len(values) >= _COUNTS_UP_FROM or _steps_by_one(values)
    return counts and _rises(values) and all(word[0].isalpha() for word in words)


def _is_name(table: Table, cell: str, column: int) -> bool:
    """Whether a text of the first row names its column: numbers stand below it, or other texts
    where it is a word for labels."""
    below = [row[column] for row in table.rows[1:] if column < len(row) and row[column]]
    if cell in below:
        return False
    numbers = any(table.number(other) is not None for other in below)
    return numbers or _LABEL_NAMES.fullmatch(cell.lower()) is not None


def _counts_like_a_header(table: Table, cells: Sequence[str], said: list[str]) -> bool:
    """Whether a first row of these numbers is a header, as pandas writes for nameless columns."""
    rows = [[cell for cell in row if table.number(cell) is not None] for row in table.rows[1:]]
    rising = sum(_rises([table.number(cell) for cell in row]) for row in rows)
    first = f"the first row ({_shortened(table.rows[0])})"
    if list(cells) == [str(number) for number in range(len(cells))]:
        alone = not any(all(map(str.isdecimal, row)) for row in rows)
        header = (alone and len(rows) > 2) or (len(cells) > 2 and rising < len(rows))
        reason = "counts from 0"
    elif _rises(numbers := [table.number(cell) for cell in cells]):
        few = len(cells) < _COUNTS_UP_FROM
        if few and not (_steps_by_one(numbers) and len(cells) > 2 and len(rows) >= _COUNTS_UP_FROM):
            return False
        like_it = sum(_steps_by_one([table.number(cell) for cell in row]) for row in rows)
        header, reason = (like_it if few else rising) == 0, "counts up, as no other row does"
    else:
        return False
    if header:
        said.append(f"{first} {reason}: it is taken for a header")
    else:
        said.append(f"{first} counts up, but so do others: it is taken for a sample")
    return header


def _rises(values: Sequence[float | None]) -> bool:
    return all(a is not None and b is not None and a < b for a, b in itertools.pairwise(values))


def _steps_by_one(values: Sequence[float | None]) -> bool:
    return len(values) > 1 and all(
        a is not None and b is not None and b == a + 1 and a.is_integer()
        for a, b in itertools.pairwise(values)
    )


def _label_columns(
    table: Table, columns: Sequence[Sequence[str]], rest: Sequence[int], names: Sequence[str]
) -> list[int]:
    """Columns that cannot be values: the one named as labels, else those of texts that repeat."""
    named = [i for i in rest if names and _LABEL_NAMES.fullmatch(names[i].lower())]
    if len(named) == 1:
        return named
    return [i for i in _texts(table, columns, rest) if _repeats(columns[i])]


def _texts(table: Table, columns: Sequence[Sequence[str]], rest: Sequence[int]) -> list[int]:
    return [i for i in rest if all(table.number(cell) is None for cell in columns[i])]


def _repeats(cells: Sequence[str]) -> bool:
    """Whether texts can be classes: one that differs from row to row names the row."""
    return len(cells) < 8 or len(set(cells)) <= len(cells) / 2


def _is_index(table: Table, cells: Sequence[str], names: Sequence[str], column: int) -> bool:
    """Whether a column numbers the rows."""
    numbers = [table.number(cell) for cell in cells]
    counts = _steps_by_one(numbers)
    named = bool(names) and _INDEX_NAMES.fullmatch(names[column].lower()) is not None
    return counts and (named or not names or len(numbers) >= 8)


def _misfit(
    table: Table, width: int, size: int, wanted: str, names: Sequence[str], texts: Sequence[int]
) -> InputError:
    hint = ""
    mark = table.dialect.separator
    if texts and width > size:
        hint = f"; {_listed(texts, names)} holds texts, neither numbers nor classes: remove it"
    elif width == size + 1:
        hint = "; if one column holds labels, name it 'label' in a header row"
    elif mark == "," and width == 2 * size:
        hint = (
            "; twice as many: if the comma is the decimal mark as well, columns need another"
            " separator (a semicolon)"
        )
    elif width == 1:
        hint = "; columns are separated by commas, semicolons, tabs, bars or white space"
    columns = f" (columns: {_shortened(names)})" if names else ""
    return InputError(
        f"'{table.path}' does not fit the model's input {wanted}",
        why=f"{table.separated}, a row has {width} values{columns}; the model takes {size}{hint}",
        next_step="give one row per sample with the input's values in C order",
    )


def _listed(columns: Sequence[int], names: Sequence[str]) -> str:
    texts = [
        f"column {i + 1}" + (f" ('{names[i][:40]}')" if names and names[i] else "") for i in columns
    ]
    return ", ".join(texts[:3]) + (" ..." if len(texts) > 3 else "")


def _shortened(cells: Sequence[str]) -> str:
    if len(cells) <= 5:
        return ", ".join(cell[:20] for cell in cells)
    return ", ".join(cell[:20] for cell in (*cells[:3], "...", cells[-1]))
