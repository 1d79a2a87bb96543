"""Inspection of `.keras` files: a zip archive of a configuration and HDF5 weights."""

from __future__ import annotations

import io
import json
import zipfile
import zlib

from tinygen.errors import InputError
from tinygen.load.files import MAX_BYTES
from tinygen.load.hdf5 import check_weights, one_line
from tinygen.load.keras_config import untrusted

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_MAX_JSON_BYTES = 64 << 20


def model_config(content: bytes, file_name: str) -> tuple[str, str]:
    """The JSON of the model's configuration and the Keras version (may be empty).

    Raises InputError for a damaged archive and for one that holds no Keras model.
    """
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
        return config.decode("utf-8", "replace"), version


def check_archive(content: bytes, file_name: str) -> None:
    """Raises UntrustedModel when the archive holds more than a configuration and weights."""
    with _open(content, file_name) as archive:
        for name in archive.namelist():
            if name not in (_CONFIG, _METADATA, _WEIGHTS) and not name.endswith("/"):
                raise untrusted(
                    file_name, f"besides configuration and weights it holds '{name[:60]}'"
                )
        if _WEIGHTS in archive.namelist():
            check_weights(_read(archive, _WEIGHTS, file_name, MAX_BYTES), file_name)


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
        next_step = "convert it to an int8 .tflite first, for example with litert-torch"
    return InputError(f"'{file_name}' holds no Keras model", why=why, next_step=next_step)
