"""How a table is written: what separates its columns, and how it writes numbers.

`csv.Sniffer` knows neither decimal commas nor how many columns there have to be; both decide here.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

_EXPONENT = r"(?:[eE][+-]?[0-9]+)?"
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_SPACES = " \u00a0\u2009\u202f'\u2019"


@dataclass(frozen=True)
class NumberFormat:
    """Numbers with this decimal mark and, where `group` is not empty, with digits in threes."""

    decimal: str
    group: str = ""
    _pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        whole = "[0-9]+"
        if self.group:
            whole = rf"(?:[1-9][0-9]{{0,2}}(?:[{re.escape(self.group)}][0-9]{{3}})+|[0-9]+)"
        mark = re.escape(self.decimal)
        pattern = rf"[+-]?(?:{whole}(?:{mark}[0-9]*)?|{mark}[0-9]+){_EXPONENT}"
        object.__setattr__(self, "_pattern", re.compile(pattern))

    def parse(self, cell: str) -> float | None:
        """The number in a cell, None where it holds none. NaN and infinity are numbers."""
        cell = cell.strip()
        if self._pattern.fullmatch(cell):
            for mark in self.group:
                cell = cell.replace(mark, "")
            return float(cell.replace(self.decimal, "."))
        return float(cell) if _NOT_FINITE.fullmatch(cell) else None

    def __str__(self) -> str:
        said = {".": "a decimal point", ",": "a decimal comma"}[self.decimal]
        if self.group:
            said += {",": ", commas between thousands", ".": ", points between thousands"}.get(
                self.group, ", spaces or apostrophes between thousands"
            )
        return said


POINT = NumberFormat(".")
_FORMATS = (
    POINT,
    NumberFormat(","),
    NumberFormat(".", ","),
    NumberFormat(",", "."),
    NumberFormat(".", _SPACES),
    NumberFormat(",", _SPACES),
)

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars", " ": "white space"}


@dataclass(frozen=True)
class Dialect:
    """A separator of columns and a format of numbers; `rival` is a format that would fit as well
    and read other numbers."""

    separator: str
    numbers: NumberFormat
    rival: NumberFormat | None = None

    def split(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The cells of each row. Raises csv.Error."""
        return split(lines, self.separator)


def split(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """The cells of each row that is not blank, without white space around them."""
    if separator == " ":
        lines = (" ".join(line.split()) for line in lines)
    reader = csv.reader(lines, delimiter=separator, skipinitialspace=True)
    for row in reader:
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield cells


def recognise(lines: Sequence[str], size: int) -> Dialect:
    """How these first lines of a table are written, of which `size` columns are values.

    Of all separators the one counts whose rows are as long as needed and hold numbers; a first
    row that is a header does not take part. Raises csv.Error.
    """
    present = [mark for mark in SEPARATORS if any(mark in line.strip() for line in lines)]
    found = [_judge(lines, mark, size) for mark in present or [","]]
    return max(found, key=lambda judged: judged[0])[1]


def _judge(
    lines: Sequence[str], separator: str, size: int
) -> tuple[tuple[bool, float, int], Dialect]:
    rows = list(split(lines, separator))
    body = rows[1:] if len(rows) > 1 else rows
    if not body:
        return (False, 0.0, 0), Dialect(separator, POINT)
    width, often = Counter(map(len, body)).most_common(1)[0]
    numbers, rival = _number_format([cell for row in rows for cell in row if cell])
    cells = [cell for row in body for cell in row if cell]
    share = sum(numbers.parse(cell) is not None for cell in cells) / max(len(cells), 1)
    # Beside the values there may be labels, an index, and an empty column after the last separator.
    fits = share >= 0.5 and size <= width <= size + 3
    return (fits, share * often / len(body), width), Dialect(separator, numbers, rival)


def _number_format(cells: Sequence[str]) -> tuple[NumberFormat, NumberFormat | None]:
    """The format that most cells have, and another that as many have and that reads others."""
    if all(POINT.parse(cell) is not None for cell in cells):
        return POINT, None
    read = {form: [form.parse(cell) for cell in cells] for form in _FORMATS}
    count = {form: sum(value is not None for value in read[form]) for form in _FORMATS}
    best = max(_FORMATS, key=lambda form: count[form])  # the first of equals
    if best == POINT:
        return best, None
    rivals = (
        form
        for form in _FORMATS
        if form != best and count[form] == count[best] and _differ(read[form], read[best])
    )
    return best, next(rivals, None)


def _differ(first: Sequence[float | None], second: Sequence[float | None]) -> bool:
    return any(
        a is not None and b is not None and a != b for a, b in zip(first, second, strict=True)
    )
