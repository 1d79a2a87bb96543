"""Which signature of a file is compiled: the one that is asked for, or the one that serves."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from tinygen.errors import InputError
from tinygen.printable import printable, shell_word

_SERVING = ("serving_default", "serve")


def choose(names: Collection[str], asked: str | None, file_name: str) -> str:
    """One of `names`. Raises InputError, with all of them, where there is no such one, or several
    and none of them is known to serve."""
    listed = ", ".join(sorted(names)) or "none"
    if asked is not None and asked not in names:
        raise InputError(
            f"'{file_name}' has no signature '{printable(asked)}'",
            why=f"its signatures are: {listed}",
            next_step=f"--signature {shell_word(min(names))}, for example"
            if names
            else "leave --signature out",
        )
    serving = [name for name in _SERVING if name in names]
    chosen = asked or next(iter(serving or (names if len(names) == 1 else ())), None)
    if chosen is None:
        raise InputError(
            f"'{file_name}' has several signatures, and none is the one that serves"
            if names
            else f"'{file_name}' has no signature to convert",
            why=f"its signatures are: {listed}",
            next_step=f"say which one: --signature {shell_word(min(names))}, for example"
            if names
            else "export the model again: model.export('folder')",
        )
    return chosen


def ordered(names: Collection[str], chosen: str) -> tuple[str, ...]:
    """All of them, the chosen one first."""
    return (chosen, *sorted(name for name in names if name != chosen))


def require_none(asked: str | None, path: Path) -> None:
    """Raise InputError where one was asked for of a file that has no such thing."""
    if asked is not None:
        raise InputError(
            f"--signature was given for '{path.name}'",
            why="a Keras file holds one model; SavedModels and .tflite files have signatures",
            next_step="leave --signature out",
        )
