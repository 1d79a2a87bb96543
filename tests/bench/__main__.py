"""Measures the rows of bench.json and writes it: `make bench`."""

from __future__ import annotations

import dataclasses
import sys
import tempfile
from pathlib import Path

from tests.bench.matrix import CASES, TABLE, Row, Table
from tests.bench.measure import compiler, measure


def main(words: list[str]) -> None:
    """Measure the rows that have all `words`; the others stay as they are."""
    old = Table.load() if TABLE.is_file() else Table({}, {})
    rows = {case: old.rows[case] for case in CASES if case in old.rows}
    for case in CASES:
        if not all(word in case.id for word in words):
            continue
        if not case.file.exists():
            sys.exit(f"{case.file} is not here: set TINYGEN_MODELS to the models' folder")
        with tempfile.TemporaryDirectory(prefix="tinygen-bench-") as folder:
            rows[case] = measure(case, Path(folder))
        if rows[case].verdict != "MATCH":
            sys.exit(f"{case.id}: {rows[case].verdict}; {TABLE.name} keeps what it had")
        print(f"{case.id}: {difference(old.rows.get(case), rows[case])}", flush=True)
        boards = {found.board for found in rows}
        ordered = {known: rows[known] for known in CASES if known in rows}
        Table({board: compiler(board) for board in boards}, ordered).save()


def difference(old: Row | None, new: Row) -> str:
    """What moved, in words."""
    if old is None:
        return f"new: {new.verdict}, {new.instructions} instructions"
    moved = [
        f"{field.name} {getattr(old, field.name)} -> {getattr(new, field.name)}"
        for field in dataclasses.fields(Row)
        if getattr(old, field.name) != getattr(new, field.name)
    ]
    return ", ".join(moved) or "as before"


if __name__ == "__main__":
    main(sys.argv[1:])
