"""No file that is written by hand is longer than a person reads in one go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.runner import ROOT

LIMIT = 400
"""Lines."""
FOLDERS = ("tinygen", "firmware", "templates", "tests", "scripts", "examples", ".ci")
SUFFIXES = {".py", ".c", ".h", ".cc", ".cpp", ".S", ".j2", ".sh", ".toml", ".ld", ".inc", ""}
GENERATED = {ROOT / "firmware" / "example_model", ROOT / "tests" / "protocol" / "corpus"}
SKIPPED = {".pio", "__pycache__", ".hypothesis"}


def written_by_hand() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            own = not SKIPPED & set(path.parts) and GENERATED.isdisjoint(path.parents)
            if path.is_file() and path.suffix in SUFFIXES and own:
                yield path


def test_no_file_is_longer_than_the_limit() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_bytes().splitlines())
        for path in written_by_hand()
    }
    assert len(lengths) > 300, "all folders are there"
    too_long = {n: lines for n, lines in lengths.items() if lines > LIMIT}
    assert not too_long, f"longer than {LIMIT} lines: split them by what they do"
