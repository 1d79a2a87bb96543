"""Inspection of `.keras` files: a zip archive of a configuration and HDF5 weights."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass

from tinygen.errors import InputError
from tinygen.load.files import EXPORT, MAX_BYTES
from tinygen.load.hdf5 import one_line

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAX_JSON_BYTES = 64 << 20


@dataclass(frozen=True)
class ArchiveFacts:
    """A sound archive: the JSON of the model's configuration, the version of the Keras that wrote
    it (may be empty), its weights as HDF5, and the names of parts that no model needs."""

    config: bytes
    version: str
    weights: bytes | None
    others: tuple[str, ...]


def inspect_archive(content: bytes, file_name: str) -> ArchiveFacts:
    """What a `.keras` file holds. Raises InputError when it is damaged or holds no model."""
    with _open(content, file_name) as archive:
        names = archive.namelist()
        if _CONFIG not in names:
            raise _no_config(names, file_name)
        config = _read(archive, _CONFIG, file_name, _MAX_JSON_BYTES)
        version = ""
        if _METADATA in names:
            try:
                metadata = json.loads(_read(archive, _METADATA, file_name, _MAX_JSON_BYTES))
                version = str(metadata["keras_version"])
            except (ValueError, RecursionError, KeyError, TypeError):
                pass  # only tells which loader to try first
        weights = _read(archive, _WEIGHTS, file_name, MAX_BYTES) if _WEIGHTS in names else None
        known = (_CONFIG, _METADATA, _WEIGHTS)
        others = tuple(name for name in names if name not in known and not name.endswith("/"))
        return ArchiveFacts(config, version, weights, others)


def _open(content: bytes, file_name: str) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise InputError(
            f"'{file_name}' is damaged or truncated",
            why=f"it is a zip archive by its first bytes, but: {one_line(error)}",
            next_step="copy or save the model again",
        ) from error


def _read(archive: zipfile.ZipFile, name: str, file_name: str, limit: int) -> bytes:
    try:
        with archive.open(name) as member:
            data = member.read(limit + 1)
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, RuntimeError, EOFError) as error:
        raise InputError(
            f"'{file_name}' is damaged",
            why=f"its part {name} cannot be read: {one_line(error)}",
            next_step="copy or save the model again",
        ) from error
    if len(data) > limit:
        raise InputError(f"'{file_name}' is too large", why=f"{name} unpacks to over {limit} bytes")
    return data


def _no_config(names: list[str], file_name: str) -> InputError:
    next_step = "save the whole model: model.save('model.keras')"
    why = "it is a zip archive without config.json"
    if names and all(name.endswith(".npy") for name in names):
        why, next_step = "it is an .npz file of arrays", "give it with --data, and the model here"
    elif any(name.endswith("data.pkl") for name in names):
        why = "it is a PyTorch file"
        next_step = EXPORT
    return InputError(f"'{file_name}' holds no Keras model", why=why, next_step=next_step)
