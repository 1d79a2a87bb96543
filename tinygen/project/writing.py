"""Writing a project, so that a folder is whole or can be replaced, whenever it is interrupted.

A record in the project's state folder says what in the folder is tinygen's. It is written before
anything else, naming what is there and what comes; every file is written aside and put in its place
in one step; the manifest is removed first and written last. So a folder with a manifest is whole, a
folder with a record can be built over, and what is in neither is a person's and never overwritten.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from tinygen.errors import InputError
from tinygen.progress import SILENT, Progress
from tinygen.project import manifest as manifests
from tinygen.project.edited import Edited, refuse, settle
from tinygen.project.manifest import MANIFEST

STATE = ".tinygen"
"""Folder for what is not part of the project: the running emulator, the last build, the record."""

_RECORD = "files.json"
_LOCK = "lock"
_ASIDE = "writing"

Known = dict[str, frozenset[str]]
"""The files in a folder that are tinygen's: path -> SHA-256 of what it wrote there."""


@contextlib.contextmanager
def hold(folder: Path, progress: Progress = SILENT) -> Iterator[None]:
    """Wait until nobody else builds into `folder`, and keep others waiting.

    Raises InputError when the folder is somebody else's, and leaves that as it is.
    """
    import fcntl

    _known(folder)
    _writable(folder)
    with (folder / STATE / _LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            progress.warn(f"another build into {folder} is running; waiting for its end")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_files(
    folder: Path, files: Mapping[str, bytes], edited: Edited | None = None
) -> dict[str, str]:
    """Write `files`, remove those of an older build, and return the SHA-256 of each.

    The folder's manifest is gone afterwards, for the caller to write. `edited` says what becomes of
    generated files that a person has edited since. Raises EditedFiles where it does not, InputError
    when the folder holds something else, or a person's file where one of `files` belongs.
    """
    known = _known(folder)
    changed = _edited(folder, known, files)
    if edited is None:
        refuse(folder, changed)
    hashes = {name: sha256(data) for name, data in sorted(files.items())}
    coming = {name: frozenset({digest}) for name, digest in hashes.items()}
    _writable(folder)
    _write_record(folder, _both(known, coming))
    (folder / MANIFEST).unlink(missing_ok=True)
    kept = changed if edited is Edited.KEEP else ()
    written = settle(folder, changed, files, edited or Edited.OVERWRITE)
    for name in known.keys() - files.keys() - set(kept):
        _remove(folder, name)
    for name, content in written.items():
        target = inside(folder, name)
        # An unchanged file keeps its time stamp, so that the build does not run again.
        if not (target.is_file() and target.read_bytes() == content):
            write_whole(folder, name, content)
    _write_record(folder, coming)
    return hashes


def require_unedited(folder: Path, edited: Edited | None) -> None:
    """Before the work: EditedFiles for those that a build would replace, unless `edited` says what
    becomes of them. InputError when the folder is not tinygen's."""
    if edited is None and folder.is_dir():
        refuse(folder, _edited(folder, _known(folder), {}))


def write_whole(folder: Path, name: str, content: bytes) -> None:
    """Write one file of the project in one step: it has all of `content`, or what it had."""
    aside = folder / STATE / _ASIDE
    target = inside(folder, name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
        aside.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise cannot_write(folder, error) from error


def known_files(folder: Path) -> frozenset[str]:
    """The files in `folder` that a build would replace or remove; InputError when the folder is
    not tinygen's."""
    return frozenset(_known(folder))


def inside(folder: Path, name: str) -> Path:
    """Where a file of the project lies; no link leads elsewhere, whoever made the folder."""
    path = folder / PurePosixPath(name)
    if not path.parent.resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{path} lies outside of the project",
            why="a folder on the way to it is a link",
            next_step="remove the link, or build into another folder with --out",
        )
    return path


def cannot_write(folder: Path, error: OSError) -> InputError:
    """The error for a folder that the system lets nobody write to, or a disk that is full."""
    return InputError(
        f"{folder} cannot be written: {error.strerror or error}",
        why="what is in it can be built over; nothing that a person added was changed",
        next_step="free some space or get the right to write there, or build into another folder "
        "with --out",
    )


def sha256(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _writable(folder: Path) -> None:
    try:
        (folder / STATE).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


def _known(folder: Path) -> Known:
    """What in `folder` is tinygen's, by its record and by the manifest of a whole project, which
    may have come without its state; InputError when the folder is not tinygen's."""
    recorded = _read_record(folder)
    try:
        listed = manifests.generated(folder)
    except InputError:
        if recorded is None:
            raise
        listed = None
    if recorded is None and listed is None and _holds_anything(folder):
        raise InputError(
            f"{folder} exists and is not a tinygen project",
            why="it would be overwritten",
            next_step="name another folder with --out, or remove this one",
        )
    return _both(recorded or {}, {name: frozenset({d}) for name, d in (listed or {}).items()})


def _both(one: Known, other: Known) -> Known:
    return {n: one.get(n, frozenset()) | other.get(n, frozenset()) for n in {**one, **other}}


def _holds_anything(folder: Path) -> bool:
    if not folder.exists():
        return folder.is_symlink()
    return not folder.is_dir() or any(path.name != STATE for path in folder.iterdir())


def _read_record(folder: Path) -> Known | None:
    """The record, None where there is none that can be used."""
    try:
        content = (folder / STATE / _RECORD).read_bytes()
        known = msgspec.json.decode(content, type=Known)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return None if any(manifests.escapes(name) for name in known) else known


def _write_record(folder: Path, known: Known) -> None:
    listed = {name: sorted(digests) for name, digests in sorted(known.items())}
    write_whole(folder, f"{STATE}/{_RECORD}", msgspec.json.encode(listed))


def _edited(folder: Path, known: Known, new: Mapping[str, bytes]) -> list[str]:
    """The generated files that a person has edited since; InputError for a person's own where one
    of `new` belongs."""
    edited: list[str] = []
    strange: list[str] = []
    for name in {**known, **new}:
        target = inside(folder, name)
        if not target.is_file():
            continue
        content = target.read_bytes()
        if content != new.get(name) and sha256(content) not in known.get(name, ()):
            (edited if name in known else strange).append(name)
    if strange:
        raise InputError(
            f"{folder} holds files of yours where generated ones belong",
            why=_names(strange),
            next_step="give them other names, or build into another folder with --out",
        )
    return edited


def _remove(folder: Path, name: str) -> None:
    """A file of an older build, and the folders that hold nothing else."""
    path = inside(folder, name)
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        while (path := path.parent) != folder:
            path.rmdir()


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
