"""Text on its way to a person: what comes from a file, a folder or a device commands no terminal.

A name may hold escape sequences, line breaks, or marks that turn the direction of what follows; it
could colour itself green and print a verdict of its own. Such characters are shown as escapes.
"""

from __future__ import annotations

import dataclasses
import os
import shlex
import unicodedata
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_SPAN_LINES = {"reason", "why", "next_step"}
"""Fields that may have several lines; all others are names, or one sentence."""


def printable(text: str, keep: str = "") -> str:
    """`text` with every character escaped that is no mark on paper, but for those in `keep`:
    control characters, line and paragraph breaks, direction and other invisible marks, bytes that
    were no text."""
    if text.isprintable():
        return text
    return "".join(c if c in keep or _shows(c) else _escaped(c) for c in text)


def shown(value: T, keep: str = "") -> T:
    """A result with all its texts and paths `printable`, for a report; the same one if they are."""
    return _shown(value, keep)  # type: ignore[no-any-return]


def shell_word(path: Path | str) -> str:
    """A path as part of a command to type: quoted, and never an option."""
    text = str(path)
    return shlex.quote(f".{os.sep}{text}" if text.startswith("-") else text)


def _shown(value: Any, keep: str) -> Any:
    if isinstance(value, str) and type(value) is str:
        return printable(value, keep)
    if isinstance(value, Path):
        text = printable(str(value))
        return value if text == str(value) else Path(text)
    if isinstance(value, tuple | list):
        items = [_shown(item, keep) for item in value]
        same = all(a is b for a, b in zip(items, value, strict=True))
        named = type(value) not in (tuple, list)
        return value if same else type(value)(*items) if named else type(value)(items)
    if isinstance(value, dict):
        return {_shown(k, ""): _shown(v, keep) for k, v in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {}
        for field in dataclasses.fields(value):
            old = getattr(value, field.name)
            new = _shown(old, "\n" if field.name in _SPAN_LINES else keep)
            if new is not old and field.init:
                changed[field.name] = new
        return dataclasses.replace(value, **changed) if changed else value
    return value


def _shows(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
