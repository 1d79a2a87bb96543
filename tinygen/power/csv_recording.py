"""A recording in a CSV file: a header whose names say what a column is, and in which unit."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinygen.errors import InputError
from tinygen.power.recording import Recording, Samples
from tinygen.printable import printable

_MOST = 512 << 20
_SCALES = {"": 1.0, "m": 1e-3, "u": 1e-6, "µ": 1e-6, "μ": 1e-6, "n": 1e-9}
_UNITS = {"time": "s", "current": "A", "voltage": "V"}
_NAMES = {
    "time": re.compile(r"^(time(stamp)?|t)\b", re.IGNORECASE),
    "current": re.compile(r"^(current|i)\b", re.IGNORECASE),
    "voltage": re.compile(r"^(voltage|v|u)\b", re.IGNORECASE),
    "marker": re.compile(r"^(marker|d0|gpio|gpi0|in0|trigger)\b", re.IGNORECASE),
}
_UNIT = re.compile(r"[(\[_ ]\s*([numµμ]?)(s|A|V)\s*[)\]]?\s*$")
_HALF = 0.5


def read_csv(file: Path, volts: float | None = None) -> Recording:
    """The recording in a CSV file with a header, as `time (s),current (mA),voltage (V),marker`.

    `volts` is the supply where there is no column of it. InputError for a file that is no such.
    """
    rows, header = _rows(file)
    columns = {name: _column(header, name) for name in _NAMES}
    for name in ("time", "current"):
        if columns[name] is None:
            raise _bad(
                file, f"no column of its header is the {name}: {printable(', '.join(header))}"
            )
    if columns["voltage"] is None and volts is None:
        raise InputError(
            f"{file} has no voltage", why="energy is current times voltage", next_step="--voltage V"
        )
    values = _numbers(file, rows, [i for i in columns.values() if i is not None])
    found = {
        name: values[index] * _scale(file, header[index], name)
        for name, index in columns.items()
        if index is not None
    }
    return Recording(
        source=file.name,
        seconds=found["time"],
        amperes=found["current"],
        volts=found.get("voltage", np.full(len(found["time"]), volts or 0.0)),
        marker=found["marker"] > _HALF if "marker" in found else None,
    )


def _rows(file: Path) -> tuple[list[list[str]], list[str]]:
    try:
        if file.stat().st_size > _MOST:
            raise _bad(file, f"it has more than {_MOST >> 20} MB")
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = [row for row in csv.reader(text) if row and not row[0].startswith("#")]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _bad(file, str(error)) from error
    if len(rows) < 2:
        raise _bad(file, "there is no row in it")
    return rows[1:], [name.strip() for name in rows[0]]


def _column(header: Sequence[str], name: str) -> int | None:
    plain = (re.sub(r"[_(\[]", " ", one) for one in header)
    return next((i for i, one in enumerate(plain) if _NAMES[name].match(one)), None)


def _scale(file: Path, title: str, name: str) -> float:
    """What a column's numbers are in the unit that is meant."""
    if name == "marker":
        return 1.0
    unit = _UNIT.search(title)
    if unit is None or unit[2] != _UNITS[name]:
        raise _bad(
            file,
            f"the column {printable(title)} does not say its unit, as `{name} (m{_UNITS[name]})`",
        )
    return _SCALES[unit[1]]


def _numbers(
    file: Path, rows: Sequence[Sequence[str]], columns: Sequence[int]
) -> dict[int, Samples]:
    made: dict[int, Samples] = {}
    for index in columns:
        try:
            made[index] = np.array([float(row[index] or "nan") for row in rows], dtype=np.float64)
        except (ValueError, IndexError) as error:
            raise _bad(file, f"a row is no row of numbers: {printable(str(error))}") from error
    return made


def _bad(file: Path, why: str) -> InputError:
    return InputError(
        f"{file} is no recording of current",
        why=why,
        next_step="a CSV file with a header such as: time (s),current (mA),voltage (V),marker",
    )
