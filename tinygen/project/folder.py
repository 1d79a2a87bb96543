"""The project on disk: a PlatformIO project that tinygen owns, and its manifest tinygen.json.

The manifest is removed before anything is written and written last: a folder with a manifest is
whole. What a person added beside the generated files stays; what they edited is not overwritten
unless they say so.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from tinygen.errors import InputError
from tinygen.project import build_id
from tinygen.project import manifest as manifests
from tinygen.project.manifest import MANIFEST, Firmware, Manifest

STATE = ".tinygen"
"""Folder for what is not part of the project: the running emulator, the last build."""

VECTORS = "vectors.npz"
MODEL = "model.tflite"
_LAST = "last-build"


@dataclass(frozen=True)
class Project:
    """An existing project."""

    path: Path
    manifest: Manifest

    @property
    def board(self) -> str:
        return self.manifest.board.id

    @property
    def model(self) -> str:
        return self.manifest.model.name

    @property
    def model_sha256(self) -> str:
        return self.manifest.model.sha256

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


def write(folder: Path, files: Mapping[str, bytes], manifest: Manifest) -> Project:
    """Write the generated files and their manifest; replaces an older project of tinygen.

    The manifest's `files` are taken from `files`. Raises InputError when the folder holds something
    else, or generated files that a person has edited since.
    """
    old = manifests.generated(folder)
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
    if build_id.SCRIPT in files:
        build_id.update(folder)  # not one of the files: a build of a person's edits writes it anew
    hashes = {name: _sha256(data) for name, data in sorted(files.items())}
    return _write_manifest(folder, replace(manifest, files=hashes))


def built(project: Project, firmware: Firmware) -> Project:
    """The project, whose manifest now names the firmware that was built of it."""
    return _write_manifest(project.path, replace(project.manifest, firmware=firmware))


def open_project(folder: Path | None = None) -> Project:
    """The project in `folder`, or the last one built from the current directory."""
    if folder is None:
        folder = last_build()
    return Project(folder, manifests.read(folder))


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
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            "no project was built from this directory",
            why="flash and verify take the last build of the current directory, or a folder",
            next_step="tinygen build MODEL --board BOARD",
        ) from error


def _write_manifest(folder: Path, manifest: Manifest) -> Project:
    temporary = folder / f"{MANIFEST}.{os.getpid()}"
    temporary.write_bytes(manifest.to_bytes())
    temporary.replace(folder / MANIFEST)
    return Project(folder, manifest)


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
    """Where a file of an old manifest lies, which may be anybody's: no link leads elsewhere."""
    path = folder / PurePosixPath(name)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{path} lies outside of the project",
            why="a folder on the way to it is a link",
            next_step="remove the link, or build into another folder with --out",
        )
    return path


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
