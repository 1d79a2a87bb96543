"""NumPy files: `.npy` and `.npz`, never pickles."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tinygen.data.raw import MAX_BYTES, Raw, too_large
from tinygen.errors import InputError
from tinygen.ir import Edge

_LABEL_KEYS = ("y", "labels", "label")
_INPUT_KEYS = ("x", "inputs", "input", "data", "images", "X")
# Splits as data sets name them: training data calibrates.
_SPLITS = (("x_train", "y_train"), ("x_test", "y_test"), ("X_train", "y_train"))
_UNREADABLE = (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, KeyError, MemoryError)


def read_npy(path: Path, inputs: Sequence[Edge]) -> Raw:
    """The one array of an `.npy` file, for a model with one input."""
    if len(inputs) != 1:
        raise several_inputs(path, inputs)
    try:
        # Mapped, not read: a header can claim any size.
        array = np.load(path, allow_pickle=False, mmap_mode="r")
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    if array.nbytes > MAX_BYTES:
        raise too_large(path, array.nbytes)
    return Raw((np.array(array),))


def read_npz(path: Path, inputs: Sequence[Edge]) -> Raw:
    """The arrays of an `.npz` file by their keys: x or the inputs' names; y or labels."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MAX_BYTES:
            raise too_large(path, size)
        with np.load(path, allow_pickle=False) as file:
            chosen, label_key, warnings = _choose(path, list(file.files), inputs)
            arrays = tuple(np.asarray(file[key]) for key in chosen)
            labels = np.asarray(file[label_key]) if label_key else None
    except _UNREADABLE as error:
        raise _unreadable(path, error) from error
    return Raw(arrays, labels, warnings)


def _choose(
    path: Path, keys: list[str], inputs: Sequence[Edge]
) -> tuple[list[str], str | None, tuple[str, ...]]:
    """Keys of the inputs in order, the key of the labels, and what to tell."""
    named = [_key_of(edge.name, keys) for edge in inputs]
    label = next((key for key in _LABEL_KEYS if key in keys and key not in named), None)
    if all(key is not None for key in named):
        return [key for key in named if key is not None], label, ()
    if len(inputs) == 1:
        for key in _INPUT_KEYS:
            if key in keys:
                return [key], label, ()
        for key, split_label in _SPLITS:
            if key in keys:
                found = split_label if split_label in keys else label
                return [key], found, (f"of several arrays, '{key}' is used",)
        rest = [key for key in keys if key not in _LABEL_KEYS]
        if len(rest) == 1:
            return rest, label, ()
    for pattern in ("x{}", "x_{}", "input_{}", "arr_{}"):
        numbered = [pattern.format(index) for index in range(len(inputs))]
        if all(key in keys for key in numbered):
            return numbered, label, ()
    wanted = "x" if len(inputs) == 1 else "the model's inputs: " + ", ".join(s.name for s in inputs)
    raise InputError(
        f"'{path}' does not say which array is the model's input",
        why=f"its keys are: {', '.join(sorted(keys)) or 'none'}",
        next_step=f"name the array {wanted} (labels, if any: y)",
    )


def _key_of(name: str, keys: list[str]) -> str | None:
    """The key that means this input: its name, or its name as an identifier."""
    layer = name.split(":", 1)[0]
    plain = re.sub(r"[^A-Za-z0-9]+", "_", layer).strip("_")
    return next((key for key in (name, layer, plain) if key in keys), None)


def several_inputs(path: Path, inputs: Sequence[Edge]) -> InputError:
    """The error for a format that holds one array, for a model with several inputs."""
    names = ", ".join(edge.name for edge in inputs)
    return InputError(
        f"'{path}' holds one array, but the model has {len(inputs)} inputs",
        why=f"the inputs are: {'; '.join(map(str, inputs))}",
        next_step=f"give an .npz file with the keys {names}",
    )


def _unreadable(path: Path, error: Exception) -> InputError:
    message = str(error).lower()
    if "pickle" in message or "python objects" in message:
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
