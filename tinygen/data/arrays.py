"""NumPy files: `.npy` and `.npz`, never pickles."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from tinygen.data.keys import Split, choose, label_key
from tinygen.data.npy import Header, read_header, read_values
from tinygen.data.raw import MAX_VALUES, Raw, too_large
from tinygen.errors import InputError
from tinygen.ir import Edge

_MAX_ARRAYS = 1000
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    RuntimeError,  # encrypted
    NotImplementedError,  # a compression that zipfile has not
    zipfile.BadZipFile,
    zlib.error,
    MemoryError,
)
"""What reading a damaged file raises."""


def read_npy(path: Path, inputs: Sequence[Edge]) -> Raw:
    """The one array of an `.npy` file, for a model with one input."""
    if len(inputs) != 1:
        raise several_inputs(path, inputs)
    try:
        with path.open("rb") as file:
            header = read_header(file, path.stat().st_size)
            return Raw((_read(path, file, header),))
    except UNREADABLE as error:
        raise unreadable(path, error) from error


def read_npz(path: Path, inputs: Sequence[Edge], split: Split) -> Raw:
    """The arrays of an `.npz` file: the inputs and labels by their keys, else by shape."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = _entries(path, archive)
            headers = {key: _header(archive, entry) for key, entry in entries.items()}
            sound = {key: head for key, head in headers.items() if isinstance(head, Header)}
            choice = choose(path, list(headers), sound, inputs, split)
            arrays = []
            for key in (*choice.inputs, *choice.labels):
                header = headers[key]
                if isinstance(header, ValueError):
                    raise ValueError(f"the array '{key[:60]}': {header}")
                with archive.open(entries[key]) as member:
                    member.read(header.offset)
                    arrays.append(_read(path, member, header, labels=key in choice.labels))
    except UNREADABLE as error:
        raise unreadable(path, error) from error
    count = len(choice.inputs)
    labels = arrays[count] if choice.labels else None
    return Raw(tuple(arrays[:count]), labels, choice.said)


def read_label_array(path: Path) -> np.ndarray:
    """The labels in an `.npy` file, or in an `.npz` file: its array of that name, else its only
    one. Raises InputError, or one of UNREADABLE."""
    if path.suffix.lower() == ".npy":
        with path.open("rb") as file:
            return _read(path, file, read_header(file, path.stat().st_size), labels=True)
    with zipfile.ZipFile(path) as archive:
        entries = _entries(path, archive)
        key = label_key(list(entries))
        if key is None:
            raise ValueError(f"none of its arrays is named y or labels: {', '.join(entries)}")
        header = _header(archive, entries[key])
        if isinstance(header, ValueError):
            raise header
        with archive.open(entries[key]) as member:
            member.read(header.offset)
            return _read(path, member, header, labels=True)


def _entries(path: Path, archive: zipfile.ZipFile) -> Mapping[str, zipfile.ZipInfo]:
    """The arrays of an archive by their keys."""
    entries: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        key = entry.filename.removesuffix(".npy")
        if key == entry.filename:
            continue
        if key in entries:
            raise InputError(
                f"'{path}' holds two arrays named '{key[:60]}'",
                why="which of the two is meant is not known",
                next_step="save the data again: np.savez('data.npz', x=x, y=y)",
            )
        entries[key] = entry
    if len(entries) > _MAX_ARRAYS:
        raise InputError(
            f"'{path}' holds {len(entries)} arrays",
            why=f"at most {_MAX_ARRAYS} are looked at",
            next_step="save all samples in one array: np.savez('data.npz', x=x, y=y)",
        )
    return entries


def _header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Header | ValueError:
    """An array's header; what is wrong with it matters only if the array is used."""
    try:
        with archive.open(entry) as member:
            return read_header(member, entry.file_size)
    except ValueError as error:
        return error


def _read(path: Path, stream: IO[bytes], header: Header, *, labels: bool = False) -> np.ndarray:
    """The values, numbers as float32; labels stay of their type, which is exact."""
    size = max(header.count, header.count * header.dtype.itemsize // 8)
    if size > MAX_VALUES:
        raise too_large(path, size)
    as_float = header.numeric and not labels
    return read_values(stream, header, np.dtype(np.float32) if as_float else header.dtype)


def several_inputs(path: Path, inputs: Sequence[Edge]) -> InputError:
    """The error for a format that holds one array, for a model with several inputs."""
    names = ", ".join(edge.name for edge in inputs)
    return InputError(
        f"'{path}' holds one array, but the model has {len(inputs)} inputs",
        why=f"the inputs are: {'; '.join(map(str, inputs))}",
        next_step=f"give an .npz file with the keys {names}",
    )


def unreadable(path: Path, error: Exception) -> InputError:
    if "Python objects" in str(error):
        return InputError(
            f"'{path}' is refused: it holds Python objects",
            why="arrays of objects are stored as pickles, which can run code when they are read",
            next_step="save plain numbers: np.savez('data.npz', x=x.astype(np.float32), y=y)",
        )
    return InputError(
        f"'{path}' cannot be read",
        why=str(error).split("\n")[0][:200] or type(error).__name__,
        next_step="save the data again: np.savez('data.npz', x=x, y=y)",
    )
