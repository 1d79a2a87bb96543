"""How the page says things: commands, dates, amounts."""

from __future__ import annotations

import time
from typing import Any

from tinygen.api.facts import Facts
from tinygen.api.results import Kept
from tinygen.printable import shell_word

_KILO = 1000
_UNITS = ("", "k", "M", "G", "T")


def command(facts: Facts, words: str) -> str:
    """What a person types to measure more of this project; a page that is shown elsewhere names no
    folder of this machine."""
    path = facts.project.path
    return f"tinygen {words} {shell_word(path.name if path.is_absolute() else path)}"


def elsewhere(facts: Facts, text: str) -> str:
    """A command of a result, for a page that names no folder of this machine."""
    path = facts.project.path
    return text.replace(str(path), path.name) if path.is_absolute() else text


def when(kept: Kept[Any]) -> str:
    """The time of a result, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(kept.made))


def short(value: float) -> str:
    """A large number in three digits: 1.35 M."""
    for unit in _UNITS:
        if abs(value) < _KILO or unit == _UNITS[-1]:
            digits = f"{value:.3g}" if unit else f"{value:.0f}"
            return f"{digits} {unit}".rstrip()
        value /= _KILO
    raise AssertionError


def kilobytes(size: int) -> tuple[str, str]:
    """Bytes as a number and its unit."""
    for unit, whole in (("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= 10 * whole:
            return f"{size / whole:,.1f}", unit
    return f"{size:,}", "bytes"
