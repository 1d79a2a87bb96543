"""The project on disk: a PlatformIO project that tinygen owns, and its manifest tinygen.json.

The manifest is removed before anything is written and written last: a folder with a manifest is
whole. What a person added beside the generated files stays; what they edited is not overwritten
unless they say so.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tinygen.errors import InputError
from tinygen.project import build_id

MANIFEST = "tinygen.json"
STATE = ".tinygen"
"""Folder for what is not part of the project: the running emulator, the last build."""

VECTORS = "vectors.npz"
MODEL = "model.tflite"
_LAST = "last-build"


@dataclass(frozen=True)
class Project:
    """An existing project. `manifest` is the content of tinygen.json."""

    path: Path
    manifest: Mapping[str, Any]

    @property
    def board(self) -> str:
        return str(self.manifest["board"]["id"])

    @property
    def model(self) -> str:
        return str(self.manifest["model"]["name"])

    @property
    def model_sha256(self) -> str:
        return str(self.manifest["model"]["sha256"])

    @property
    def state_dir(self) -> Path:
        return self.path / STATE

    def read(self, name: str) -> bytes:
        """A generated file; InputError when it is missing."""
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise InputError(
                f"the project {self.path} lacks {name}",
                why=str(error),
                next_step="build the project again",
            ) from error


def write(folder: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Project:
    """Write the generated files and their manifest; replaces an older project of tinygen.

    Raises InputError when the folder holds something else, or generated files that a person has
    edited since.
    """
    old = _generated(folder)
    if old is None and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{folder} exists and is not a tinygen project",
            why="it would be overwritten",
            next_step="name another folder with --out, or remove this one",
        )
    _refuse_edited(folder, old or {}, files)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MANIFEST).unlink(missing_ok=True)
    for name in (old or {}).keys() - files.keys():
        _inside(folder, name).unlink(missing_ok=True)
    for name, content in files.items():
        target = folder / PurePosixPath(name)
        # An unchanged file keeps its time stamp, so that the build does not run again.
        if target.is_file() and target.read_bytes() == content:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    build_id.update(folder)  # not among the files: every build of a person's edits writes it again
    complete = {**manifest, "files": {name: _sha256(data) for name, data in sorted(files.items())}}
    return _write_manifest(folder, complete)


def update(project: Project, **changes: object) -> Project:
    """The project with these keys of its manifest changed on disk."""
    return _write_manifest(project.path, {**project.manifest, **changes})


def open_project(folder: Path | None = None) -> Project:
    """The project in `folder`, or the last one built from the current directory."""
    if folder is None:
        folder = last_build()
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        if not {"board", "model", "files", "tinygen"} <= manifest.keys():
            raise ValueError("keys are missing")
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            f"{folder} is not a complete tinygen project",
            why=f"{MANIFEST} cannot be read: {error}",
            next_step="tinygen build MODEL --board BOARD",
        ) from error
    return Project(folder, manifest)


def remember(project: Project) -> None:
    """Make this the project that `flash` and `verify` take without an argument, from here."""
    state = Path(STATE)
    state.mkdir(exist_ok=True)
    text = os.path.relpath(project.path)
    temporary = state / f"{_LAST}.{os.getpid()}"
    temporary.write_text(text + "\n", "utf-8")
    temporary.replace(state / _LAST)


def last_build() -> Path:
    """The project last built from the current directory."""
    try:
        return Path((Path(STATE) / _LAST).read_text("utf-8").strip())
    except OSError as error:
        raise InputError(
            "no project was built from this directory",
            why="flash and verify take the last build of the current directory, or a folder",
            next_step="tinygen build MODEL --board BOARD",
        ) from error


def _write_manifest(folder: Path, manifest: Mapping[str, Any]) -> Project:
    text = json.dumps(manifest, indent=2, sort_keys=True) + "\n"
    temporary = folder / f"{MANIFEST}.{os.getpid()}"
    temporary.write_text(text, "utf-8")
    temporary.replace(folder / MANIFEST)
    return Project(folder, json.loads(text))


def _generated(folder: Path) -> dict[str, str] | None:
    """Name -> SHA-256 of what an older build wrote; None when there was none."""
    try:
        files = json.loads((folder / MANIFEST).read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return {str(name): str(digest) for name, digest in dict(files).items()}


def _refuse_edited(folder: Path, old: Mapping[str, str], new: Mapping[str, bytes]) -> None:
    edited = []
    for name, digest in old.items():
        target = _inside(folder, name)
        if not target.is_file():
            continue
        content = target.read_bytes()
        if _sha256(content) != digest and content != new.get(name):
            edited.append(name)
    if edited:
        raise InputError(
            f"{folder} holds files that were edited after tinygen wrote them",
            why=", ".join(sorted(edited)),
            next_step=f"keep them by moving them, or delete {folder / MANIFEST} and the folder's "
            "content, or build into another folder with --out",
        )


def _inside(folder: Path, name: str) -> Path:
    """A path of an old manifest, which may be anybody's: it must not leave the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f"{folder / MANIFEST} names a file outside of the project: {name}")
    return folder / path


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
