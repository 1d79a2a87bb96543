"""The project on disk: a PlatformIO project that tinygen owns, and its manifest tinygen.json.

What a person added beside the generated files stays; what they edited is not overwritten unless
they say so. How it is written: `writing`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tinygen.errors import InputError
from tinygen.printable import printable
from tinygen.project import build_id
from tinygen.project import manifest as manifests
from tinygen.project.edited import Edited
from tinygen.project.manifest import MANIFEST, Firmware, Manifest
from tinygen.project.writing import STATE, write_files, write_whole

VECTORS = "vectors.npz"
MODEL = "model.tflite"
_LAST = "last-build"


def model_file(name: str, count: int) -> str:
    """The file of the model that is called so in C, of so many in a project."""
    return MODEL if count == 1 else f"{name}.tflite"


def vectors_file(name: str, count: int) -> str:
    """The file of its test vectors."""
    return VECTORS if count == 1 else f"{name}.npz"


@dataclass(frozen=True)
class Project:
    """An existing project, or what it is about one of its models, `index`."""

    path: Path
    manifest: Manifest
    index: int = 0

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
    def model_file(self) -> str:
        """The name of the int8 model's file."""
        return self.manifest.model.file

    @property
    def vectors_file(self) -> str:
        """The name of the test vectors' file."""
        return self.manifest.vectors.file

    def about(self, name: str | None) -> Project:
        """The project about the model that is called so in C, which is needed where there are
        several; InputError."""
        names = self.manifest.names
        if name is None and len(names) > 1:
            raise InputError(
                f"{self.path} has several models",
                why=f"they are {', '.join(names)}",
                next_step=f"say which: --model {names[0]}",
            )
        if name is not None and name not in names:
            raise InputError(
                f"{self.path} has no model {printable(name)}",
                why=f"there is {', '.join(names)}",
                next_step=f"--model {names[0]}",
            )
        return self.of(0 if name is None else names.index(name))

    def of(self, index: int) -> Project:
        """The project about that model."""
        return Project(self.path, self.manifest.about(index), index)

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


def write(
    folder: Path,
    files: Mapping[str, bytes],
    manifest: Manifest,
    *,
    own: Mapping[str, bytes] | None = None,
    edited: Edited | None = None,
) -> Project:
    """Write the generated files and their manifest; replaces an older project of tinygen.

    The manifest's `files` are taken from `files`; `own` are the user's from now on. `edited` says
    what becomes of generated files that a person has edited since. Raises EditedFiles where it does
    not, InputError when the folder holds something else or cannot be written.
    """
    hashes = write_files(folder, files, edited)
    for name, content in (own or {}).items():
        write_whole(folder, name, content)
    if build_id.SCRIPT in files:
        build_id.update(folder)  # not one of the files: a build of a person's edits writes it anew
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
    temporary = state / f"{_LAST}.{os.getpid()}"
    # Bytes: a folder's name need not be text in any encoding.
    temporary.write_bytes(os.fsencode(os.path.relpath(project.path)) + b"\n")
    temporary.replace(state / _LAST)


def last_build() -> Path:
    """The project last built from the current directory."""
    try:
        return Path(os.fsdecode((Path(STATE) / _LAST).read_bytes().removesuffix(b"\n")))
    except OSError as error:
        raise InputError(
            "no project was built from this directory",
            why="flash and verify take the last build of the current directory, or a folder",
            next_step="tinygen build MODEL --board BOARD",
        ) from error


def _write_manifest(folder: Path, manifest: Manifest) -> Project:
    write_whole(folder, MANIFEST, manifest.to_bytes())
    return Project(folder, manifest)
