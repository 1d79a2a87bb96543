"""Tests that were skipped, counted by reason and held against tests/skips.toml.

A skipped test looks like a passed one to whoever reads the last line. So every reason is one of a
closed set, and each has a limit, by what this machine has not got.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TABLE = Path(__file__).resolve().parent / "skips.toml"


def reasons() -> Mapping[str, str]:
    """What is missing -> the words that a test is skipped with."""
    return dict(_table()["reasons"])


def complaints(skipped: Sequence[str], *, models: bool, sources: bool) -> list[str]:
    """What is wrong with a run that skipped tests for these reasons; empty when all is in order.

    `models` and `sources` say whether those are on this machine.
    """
    table = _table()
    names = {text: name for name, text in table["reasons"].items()}
    condition = {
        (True, True): "all",
        (True, False): "no_sources",
        (False, True): "no_models",
        (False, False): "clean",
    }[models, sources]
    allowed = table["allowed"][condition]
    found = []
    for reason, count in sorted(Counter(skipped).items()):
        name = names.get(reason)
        limit = allowed.get(name, 0) if name else 0
        if name is None:
            found.append(f"{count} skipped for a reason that tests/skips.toml has not: {reason}")
        elif count > limit:
            found.append(f"{count} skipped, {limit} allowed [allowed.{condition}]: {reason}")
    return found


def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text("utf-8"))
