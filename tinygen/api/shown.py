"""How results look in a Python prompt and in a notebook."""

from __future__ import annotations

import importlib
from enum import Enum
from pathlib import Path
from typing import Any

_MOST = 4
"""Facts that a line has room for."""
_WIDTH = 60
_HASHES = ("model_sha256", "build_id")


class Shown:
    """A result whose `repr` is one line of its first plain facts, and which a notebook shows as the
    page that the command prints."""

    def __repr__(self) -> str:
        facts = [
            f"{name}={_short(value)}"
            for name, value in vars(self).items()
            if _plain(value) and name not in _HASHES
        ]
        more = ", ..." if len(vars(self)) > _MOST else ""
        return f"{type(self).__name__}({', '.join(facts[:_MOST])}{more})"

    def _repr_html_(self) -> str:
        # What is shown is above what is computed, and looks it up when it is asked.
        html: Any = importlib.import_module("tinygen.report.html")
        return str(html.result_html(self))


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | Path | Enum) and value != ""


def _short(value: object) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    text = f"'{value}'" if isinstance(value, Path) else repr(value)
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 3]}..."
