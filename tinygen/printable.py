"""Text on its way to a person: what comes from a file, a folder or a device commands no terminal.

A name may hold escape sequences, line breaks, or marks that turn the direction of what follows; it
could colour itself green and print a verdict of its own. Such characters are shown as escapes.
"""

from __future__ import annotations

import os
import shlex
import unicodedata
from pathlib import Path


def printable(text: str, keep: str = "") -> str:
    """`text` with every character escaped that is no mark on paper, but for those in `keep`:
    control characters, line and paragraph breaks, direction and other invisible marks, bytes that
    were no text."""
    if text.isprintable():
        return text
    return "".join(c if c in keep or _shows(c) else _escaped(c) for c in text)


def shell_word(path: Path | str) -> str:
    """A path as part of a command to type: quoted, and never an option."""
    text = str(path)
    return shlex.quote(f".{os.sep}{text}" if text.startswith("-") else text)


def _shows(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
