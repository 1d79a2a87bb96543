"""The names of classes in a text file: one a line, as `labels.txt` of TensorFlow's examples."""

from __future__ import annotations

import re
from pathlib import Path

from tinygen.errors import InputError
from tinygen.paths import exists, missing_path
from tinygen.printable import printable

_MOST_BYTES = 4 << 20
_NUMBERED = re.compile(r"(\d{1,9})[\s:,;]+(\S.*)")
_FORM = "one name a line, the first for the output's element 0"


def read_class_names(path: Path) -> tuple[str, ...]:
    """The names from class 0 on, of a UTF-8 file.

    Lines that all begin with their number, from 0 on, are names without it. Raises InputError where
    there is no such file, no name in it, or a line between others is empty.
    """
    if not exists(path):
        raise missing_path(path, "labels")
    try:
        content = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else None
    except OSError as error:
        raise InputError(
            f"the labels '{path}' cannot be read", why=str(error), next_step=f"give {_FORM}"
        ) from error
    if content is None:
        raise _no_names(path, f"it has more than {_MOST_BYTES:,} bytes")
    try:
        return class_names(content)
    except ValueError as error:
        raise _no_names(path, str(error)) from error


def class_names(content: bytes) -> tuple[str, ...]:
    """The names in a file's bytes; ValueError says why they are none."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"it is no text in UTF-8: {error}") from error
    lines = [line.strip() for line in text.replace("\r\n", "\n").split("\n")]
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise ValueError("it has no names")
    if "" in lines:
        raise ValueError(f"line {lines.index('') + 1} is empty")
    return tuple(map(printable, _without_numbers(lines)))


def _without_numbers(lines: list[str]) -> list[str]:
    numbered = [_NUMBERED.fullmatch(line) for line in lines]
    found = {int(match[1]): match[2] for match in numbered if match}
    if len(found) == len(lines) and sorted(found) == list(range(len(lines))):
        return [found[number] for number in range(len(lines))]
    return lines


def _no_names(path: Path, why: str) -> InputError:
    return InputError(
        f"'{path}' has no names of classes",
        why=why,
        next_step=f"give a text file with {_FORM}",
    )
