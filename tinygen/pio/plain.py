"""Plain paths for build tools: whatever a person calls a folder, PlatformIO is told another name.

SCons, shells, linkers' options and CMake each take other characters for their own. None takes those
of a plain path, so a folder with any other character is reached through links in a folder of ours.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
_WORKSPACE = ".pio"


def is_plain(path: Path) -> bool:
    """Whether every tool reads the path as it is."""
    return _PLAIN.fullmatch(str(path)) is not None


def plain_project(project: Path) -> Path:
    """The folder of a PlatformIO project, or a stand-in for it: a folder of links to its content.

    A link to the project itself would not do, because PlatformIO works in its current folder, and
    the system tells the real name of that. What is built lands in the project in any case.
    """
    project = project.absolute()
    if is_plain(project):
        return project
    (project / _WORKSPACE).mkdir(exist_ok=True)
    stand_in = _ours() / _name(project)
    stand_in.mkdir(exist_ok=True)
    content = {path.name: path for path in project.iterdir()}
    for path in stand_in.iterdir():
        if path.name not in content:
            path.unlink(missing_ok=True)
    for name, path in content.items():
        _link(stand_in / name, path)
    return stand_in


def plain_folder(folder: Path) -> Path:
    """A folder that is never a tool's current one, or a link to it."""
    if is_plain(folder):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    link = _ours() / _name(folder)
    _link(link, folder)
    return link


def _link(link: Path, target: Path) -> None:
    if not (link.is_symlink() and link.readlink() == target):
        aside = link.with_name(f"{link.name}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            aside.unlink()
        aside.symlink_to(target)
        aside.replace(link)


def _name(folder: Path) -> str:
    return hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]


def _ours() -> Path:
    """A folder that only this user writes to, with a plain path."""
    place = Path(tempfile.gettempdir())
    folder = (place if is_plain(place) else Path("/tmp")) / f"tinygen-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    mine = found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if stat.S_ISDIR(found.st_mode) and mine:
        return folder
    return Path(tempfile.mkdtemp(prefix="tinygen-", dir=folder.parent))
