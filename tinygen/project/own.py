"""What in a project is the user's: their program, and what it tells PlatformIO.

Both are written where there is none, and never again: they are neither hashed nor replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinygen.boards import Board, Port
from tinygen.project.naming import renamed
from tinygen.templates import render

SETTINGS = "app.ini"

_PROGRAMS = ("src/app.c", "src/app.cpp", "src/app.cc", "src/app.cxx")


def missing_files(folder: Path, board: Board, names: Sequence[str]) -> dict[str, bytes]:
    """The user's files that are not in `folder`, as they begin with models of these names: path in
    the project -> content."""
    files: dict[str, bytes] = {}
    arduino = board.port is Port.ARDUINO
    if not any(_is_there(folder / name) for name in _PROGRAMS):
        program = "src/app.cpp" if arduino else "src/app.c"
        files[program] = example(names, arduino=arduino).encode()
    if not _is_there(folder / SETTINGS):
        files[SETTINGS] = _settings()
    return files


def example(names: Sequence[str], *, arduino: bool) -> str:
    """A program that does nothing yet, with a function that classifies for each of the models."""
    parts = [render("app.j2", arduino=arduino, models=names)]
    for name in names:
        suffix = f"_{name}" if len(names) > 1 else ""
        parts.append(renamed(render("app_example.j2", suffix=suffix), name))
    return "\n".join(parts)


def untouched_settings(folder: Path) -> tuple[str, ...]:
    """SETTINGS, where it still says nothing: then it runs nothing, whoever brought it."""
    path = folder / SETTINGS
    there = path.is_file() and not path.is_symlink()
    return (SETTINGS,) if there and path.read_bytes() == _settings() else ()


def _settings() -> bytes:
    return render("app.ini.j2").encode()


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
