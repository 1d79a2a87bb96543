"""cache(): what tinygen keeps on this machine between builds, and letting go of what grows."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tinygen.api.kept import MODELS
from tinygen.api.shown import Shown
from tinygen.engines.tflm.source import PINS
from tinygen.environments import ENVIRONMENTS, FOLDER
from tinygen.pio import core
from tinygen.progress import SILENT, Progress


@dataclass(frozen=True)
class CachePart:
    """One folder of the cache: what it is for, and its size."""

    name: str
    purpose: str
    files: int
    bytes: int
    prunable_bytes: int
    """Of `bytes`, what `prune` removes: a build makes it again, or nothing uses it any more."""


@dataclass(frozen=True, repr=False)
class CacheResult(Shown):
    """The cache as it is now; `freed_bytes` is what was just removed."""

    folder: Path
    parts: tuple[CachePart, ...]
    freed_bytes: int


def cache(*, prune: bool = False, progress: Progress = SILENT) -> CacheResult:
    """Tell what is in the cache folder, in bytes.

    Parameters
    ----------
    prune : bool
        Remove first what builds make again, compiled objects and int8 models with their vectors,
        and what older versions of tinygen left; nothing that has to be downloaded again.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    CacheResult
        The folder, its parts, and how many bytes were freed.

    Examples
    --------
    >>> import tinygen
    >>> tinygen.cache().freed_bytes
    0
    """
    folder = core.cache_dir()
    before = _parts(folder)
    if prune:
        progress.stage("Pruning the cache")
        for path in _prunable(folder):
            _remove(path)
    after = _parts(folder)
    freed = sum(part.bytes for part in before) - sum(part.bytes for part in after)
    return CacheResult(folder, after, max(0, freed) if prune else 0)


def _purpose(name: str) -> str:
    if name == core.OBJECTS:
        return "compiled objects that projects share"
    if name == MODELS:
        return "int8 models and vectors, made of the same files before"
    if name == core.core_name():
        return "PlatformIO's own folder, with what it downloaded"
    if name.startswith(core.CORE_PREFIX):
        return "the folder of another version of PlatformIO"
    if name == FOLDER:
        return "environments of packages that `tinygen setup` made"
    if name == "tflm":
        return "TensorFlow Lite Micro's sources"
    if name == core.TRUST_KEY:
        return "the key that projects of this machine are signed with"
    return "arenas that were measured" if name == "tflm-arenas" else "not tinygen's"


def _prunable(folder: Path) -> Iterator[Path]:
    pins = {pin.folder for pin in PINS}
    for path in _entries(folder):
        old_core = path.name.startswith(core.CORE_PREFIX) and path.name != core.core_name()
        if path.name in (core.OBJECTS, MODELS) or old_core:
            yield path
        elif path.name == FOLDER:
            current = {one.folder(folder).name for one in ENVIRONMENTS}
            yield from (kept for kept in _entries(path) if kept.stem not in current)
        elif path.name == "tflm":
            yield from (kept for kept in _entries(path) if kept.name not in pins)
        elif path.name == core.core_name():
            yield from (left for left in _entries(path) if left.name.startswith("tool-scons-"))


def _parts(folder: Path) -> tuple[CachePart, ...]:
    prunable = list(_prunable(folder))
    parts = []
    for path in _entries(folder):
        files, size = _size(path)
        gone = sum(_size(p)[1] for p in prunable if p == path or p.is_relative_to(path))
        parts.append(CachePart(path.name, _purpose(path.name), files, size, gone))
    return tuple(parts)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size(path: Path) -> tuple[int, int]:
    """Files and their bytes; links are not followed."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if not p.is_dir()]
    size = 0
    for file in files:
        with contextlib.suppress(FileNotFoundError):  # a build may be at work
            size += file.lstat().st_size
    return len(files), size


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    else:
        shutil.rmtree(path, ignore_errors=True)
