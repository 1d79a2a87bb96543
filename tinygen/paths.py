"""Paths that people give: whether there is something, the error when there is not, and files
written in one step."""

from __future__ import annotations

import contextlib
import difflib
import os
from pathlib import Path

from tinygen.errors import InputError


def exists(path: Path) -> bool:
    """Whether there is something; false also for names that cannot be (too long)."""
    try:
        return path.exists()
    except OSError:
        return False


def missing_path(path: Path, what: str) -> InputError:
    """The error for a path that does not exist; suggests names that do."""
    folder = path.parent
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return InputError(
            f"the {what} '{path}' does not exist",
            why=f"the folder '{folder}' does not exist or cannot be read",
            next_step="check the path",
        )
    close = difflib.get_close_matches(path.name, names, n=3, cutoff=0.6)
    same_stem = [name for name in names if Path(name).stem == path.stem and name not in close]
    similar = [f"'{folder / name}'" for name in (*close, *same_stem[:2])]
    return InputError(
        f"the {what} '{path}' does not exist",
        why=f"the folder '{folder}' holds no such name",
        next_step=f"did you mean {' or '.join(similar)}?" if similar else "check the path",
    )


def write_at_once(path: Path, content: bytes) -> None:
    """Write a file in one step: whatever interrupts it, it has all of `content`, or what it had.

    Raises OSError where that cannot be.
    """
    path = path.resolve()
    if path.exists() and not path.is_file():  # a device or a pipe, which cannot be replaced
        path.write_bytes(content)
        return
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise
