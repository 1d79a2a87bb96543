"""What in a project is the user's: their program, and what it tells PlatformIO.

Both are written where there is none, and never again: they are neither hashed nor replaced.
"""

from __future__ import annotations

from pathlib import Path

from tinygen.boards import Board, Port
from tinygen.templates import render

SETTINGS = "app.ini"

_PROGRAMS = ("src/app.c", "src/app.cpp", "src/app.cc", "src/app.cxx")


def missing_files(folder: Path, board: Board) -> dict[str, bytes]:
    """The user's files that are not in `folder`, as they begin: path in the project -> content."""
    files: dict[str, bytes] = {}
    there = next((name for name in _PROGRAMS if _is_there(folder / name)), None)
    arduino = board.port is Port.ARDUINO
    program = there or ("src/app.cpp" if arduino else "src/app.c")
    if there is None:
        files[program] = render("app.j2", arduino=arduino).encode()
    if not _is_there(folder / SETTINGS):
        files[SETTINGS] = render("app.ini.j2", program=program).encode()
    return files


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()
