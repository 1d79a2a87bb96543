"""Builds small models of each kind that people have with both engines and verifies them in QEMU.

    python -m tests.coverage                  # all: `make coverage`, hours
    python -m tests.coverage LSTM keras       # those whose group, name and package have all words
    python -m tests.coverage --missing        # those that coverage.json has no MATCH of
    python -m tests.coverage --quantize LSTM  # no build: does it come to a graph that is compiled?

What each came to lies in coverage.json, the README and docs/coverage.md are made of that.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.coverage.measure import compiled, measure
from tests.coverage.table import KINDS, MATCH, TABLE, load, save, summary


def main(words: list[str]) -> None:
    """Measure, and print what came of it."""
    options = {word for word in words if word.startswith("--")}
    wanted = [word for word in words if word not in options]
    rows = load() if TABLE.is_file() else {}
    for kind in KINDS:
        for package in kind.packages:
            key = kind.group, kind.name, package
            old = rows.get(key)
            if not all(word in " ".join(key) for word in wanted):
                continue
            if "--missing" in options and old is not None and not old.refused:
                continue
            with tempfile.TemporaryDirectory(prefix="tinygen-coverage-") as folder:
                if "--quantize" in options:
                    print(f"{' / '.join(key)}: {compiled(kind, package, Path(folder))}", flush=True)
                    continue
                rows[key] = row = measure(kind, package, Path(folder))
            print(f"{' / '.join(key)}: aot {row.aot}, tflm {row.tflm}", flush=True)
            save(rows.values())
    print("\n" + summary(list(load().values())))
    left = sum(1 for row in load().values() if row.refused)
    print(f"{left} of {len(load())} are not {MATCH} with both engines: docs/coverage.md says why")


if __name__ == "__main__":
    main(sys.argv[1:])
