"""What the int8 model of a build and its vectors come from, as one hash: equal where they are."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import os
import platform
from collections.abc import Iterator
from pathlib import Path

from tinygen.data import RANDOM
from tinygen.load.files import read_folder, sha256
from tinygen.options import ModelOptions

_PACKAGES = (
    *("tensorflow", "keras", "tf-keras", "h5py", "numpy", "pillow", "flatbuffers"),
    *("ai-edge-litert", "tflite-micro", "ml-dtypes"),
)
_SETTINGS = ("TF_", "KERAS_", "XLA_")
"""What the names of environment variables that the frameworks read begin with."""
_SET_HERE = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "KERAS_BACKEND": "tensorflow",
}
"""What importing TensorFlow here sets: the same before it and after."""
_FILES = ("data", "test", "labels")
"""Options that name files, whose contents count instead of where they lie."""
_CHUNK = 1 << 20


def fingerprint(model: Path, options: ModelOptions, *, random_if_needed: bool) -> str | None:
    """The hash of the model, of the data, of the options that a model is prepared by, and of what
    prepares it. None where something cannot be read, which whoever opens it explains."""
    said = [*_code(), *_settings(), f"random if needed: {random_if_needed}", model.name]
    for field in dataclasses.fields(ModelOptions):
        value = getattr(options, field.name)
        if field.name in _FILES:
            if value is not None and not isinstance(value, str | Path):
                return None  # not a file's: arrays, whatever gives samples
            value = value if value in (None, RANDOM) else _content(Path(value))
            if value == "":
                return None
        elif not field.compare:
            continue
        said.append(f"{field.name}: {value!r}")
    try:
        content = read_folder(model) if model.is_dir() else model.read_bytes()
    except (OSError, ValueError):
        return None
    if isinstance(content, bytes) and model.suffix.lower() == ".onnx" and b"location" in content:
        return None  # its data may lie in other files
    said.append(sha256(content))
    # Lengths keep one text's end from passing for the next one's beginning.
    return sha256(_encoded("".join(f"{len(text)}:{text}" for text in said)))


def _content(path: Path) -> str:
    """The name and hash of a file, or of a folder with its files; empty where it cannot be read."""
    digest = hashlib.sha256()
    try:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            name = file.relative_to(path).as_posix()
            digest.update(_encoded(f"{len(name)}:{name}{file.stat().st_size}:"))
            with file.open("rb") as content:
                while chunk := content.read(_CHUNK):
                    digest.update(chunk)
    except (OSError, ValueError):
        return ""
    return f"{path.resolve().name} {digest.hexdigest()}"


@functools.cache
def _code() -> tuple[str, ...]:
    """What computes: this very code, the packages, and the kind of machine."""
    return (*_own(), *_versions())


def _own() -> Iterator[str]:
    folder = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256()
    for path in sorted((*folder.rglob("*.py"), *folder.rglob("*.txt"))):
        digest.update(_encoded(f"{path.relative_to(folder).as_posix()}\0") + path.read_bytes())
    yield digest.hexdigest()


def _versions() -> Iterator[str]:
    yield f"{platform.python_version()} {platform.system()} {platform.machine()}"
    for package in _PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            yield f"{package} {importlib.metadata.version(package)}"


def _settings() -> Iterator[str]:
    found = {k: v for k, v in os.environ.items() if k.startswith(_SETTINGS)}
    yield from (f"{name}={value}" for name, value in sorted((_SET_HERE | found).items()))
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    with contextlib.suppress(OSError):
        yield (home / "keras.json").read_text("utf-8", "replace")


def _encoded(text: str) -> bytes:
    """The bytes of a text with names of files in it, which need not be UTF-8."""
    return text.encode("utf-8", "surrogateescape")
