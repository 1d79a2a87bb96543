"""What goes with a request to a process on another machine: options, and files that they name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from tinygen.errors import InputError
from tinygen.options import DataOptions

_O = TypeVar("_O", bound=DataOptions)

Carried = tuple[str, Mapping[str, bytes]]
"""A file's or a folder's name, and the bytes by the paths within it, where the empty one is a file
of its own."""


def options_to_plain(options: DataOptions) -> Mapping[str, Any]:
    """The options without who is told, as msgpack has them."""
    plain = {f.name: getattr(options, f.name) for f in fields(options) if f.name != "progress"}
    return {name: str(v) if isinstance(v, Path) else v for name, v in plain.items()}


def options_of_plain(kind: type[_O], plain: Mapping[str, Any]) -> _O:
    """What `options_to_plain` made of options of that kind."""
    known: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()}
    return kind(**known)


def carried(path: Path) -> Carried:
    """The file or the folder as it is sent."""
    if not path.is_dir():
        return path.name, {"": path.read_bytes()}
    inside = (file for file in path.rglob("*") if file.is_file())
    name = path.resolve().name
    return name, {file.relative_to(path).as_posix(): file.read_bytes() for file in inside}


def written(sent: Carried, folder: Path) -> str:
    """Where it lies in the folder, once it is written there."""
    name, content = sent
    place = folder / _harmless(name)
    for inside, data in content.items():
        file = place if not inside else place / _harmless(inside)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return str(place)


def _harmless(path: str) -> PurePosixPath:
    """A path that stays within its folder."""
    made = PurePosixPath(path)
    if made.is_absolute() or ".." in made.parts:
        raise InputError(f"'{path}' leaves its folder")
    return made
