"""Keras models and arrays in place of files: written where the rest of tinygen reads files."""

from __future__ import annotations

import contextlib
import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from tinygen.data.raw import MAX_VALUES
from tinygen.errors import InputError
from tinygen.options import Data, DataOptions

_NAME = "arrays.npz"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_DATE = re.compile(rb'"date_saved": "[^"]*"')
OptionsT = TypeVar("OptionsT", bound=DataOptions)


@runtime_checkable
class SavesItself(Protocol):
    """A Keras model, of Keras 2 or 3."""

    def save(self, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        """Write the model to a file."""


Model = str | Path | SavesItself
"""A model file or folder, or a Keras model."""


@contextlib.contextmanager
def as_files(model: Model, options: OptionsT) -> Iterator[tuple[Path, OptionsT]]:
    """The model's file and options that name files; what is written for that is there meanwhile."""
    with contextlib.ExitStack() as held:
        path = held.enter_context(model_file(model))
        if not isinstance(model, str | Path):
            # Whoever has the model has run its code already.
            options = replace(options, trust_model=True)
        for name in ("data", "test"):
            given = getattr(options, name)
            file = held.enter_context(data_file(given))
            if file is not given:
                options = replace(options, **{name: file})  # type: ignore[arg-type]
        yield path, options


@contextlib.contextmanager
def model_file(model: Model) -> Iterator[Path]:
    """The path of a model: of a file that there is, or of one that is written."""
    if isinstance(model, str | Path):
        yield Path(model)
        return
    if not isinstance(model, SavesItself):
        raise InputError(
            f"the model is a {type(model).__name__}",
            why="it is a path, or a Keras model, which can save itself",
            next_step="give one of these",
        )
    with tempfile.TemporaryDirectory(prefix="tinygen-") as folder:
        name = re.sub(r"[^A-Za-z0-9]+", "_", str(getattr(model, "name", ""))).strip("_") or "model"
        path = Path(folder, f"{name}.keras")
        try:
            model.save(path)
        except Exception as error:  # whatever a layer's own code raises
            raise InputError(
                f"the model '{name}' cannot be saved",
                why=f"{type(error).__name__}: {error}",
                next_step="give layers of its own a get_config(), or save it as a SavedModel",
            ) from error
        _undated(path)
        yield path


def _undated(path: Path) -> None:
    """The same model is the same file: without the time at which it was saved."""
    with zipfile.ZipFile(path) as saved:
        entries = [(info.filename, saved.read(info)) for info in saved.infolist()]
    with zipfile.ZipFile(path, "w") as made:
        for name, content in entries:
            plain = _DATE.sub(b'"date_saved": ""', content) if name == "metadata.json" else content
            made.writestr(zipfile.ZipInfo(name, _ZIP_TIME), plain)


@contextlib.contextmanager
def data_file(data: Data | None) -> Iterator[str | Path | None]:
    """What names the data: itself where it is a path, else a file that is written."""
    if data is None or isinstance(data, str | Path):
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="tinygen-") as folder:
        path = Path(folder, _NAME)
        np.savez(path, **_columns(data))  # type: ignore[arg-type]
        yield path


def _columns(data: Any) -> dict[str, np.ndarray]:
    """Arrays by the keys that a data file has. InputError for what gives none."""
    if _is_array(data) or isinstance(data, Mapping):
        return _batch(data)
    pieces: list[dict[str, np.ndarray]] = []
    if isinstance(data, tuple) and len(data) in (1, 2):
        pieces.append(_batch(data))
    elif isinstance(data, Iterable):
        size = 0
        for batch in data:
            pieces.append(_batch(batch))
            size += sum(array.size for array in pieces[-1].values())
            if size > MAX_VALUES:
                raise InputError(
                    "the data do not end",
                    why=f"more than {MAX_VALUES:,} values came of them",
                    next_step="give a part: itertools.islice(data, 10), or data.take(10)",
                )
    if not pieces or any(piece.keys() != pieces[0].keys() for piece in pieces):
        raise InputError(
            f"the data are a {type(data).__name__} that gives no batches of samples",
            why="they are an array, arrays by the inputs' names, (x, y), or batches of such",
            next_step="give x as an array of the shape (samples, ...)",
        )
    try:
        return {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}
    except ValueError as error:
        raise InputError(
            "the batches of the data have different shapes",
            why=str(error),
            next_step="give batches whose first axis is that of the samples",
        ) from error


def _batch(batch: Any) -> dict[str, np.ndarray]:
    """One batch: x, {name: x}, [x], (x, y)."""
    x, y = (batch[0], batch[1]) if isinstance(batch, tuple) and len(batch) == 2 else (batch, None)
    if isinstance(x, tuple | list) and len(x) == 1:
        x = x[0]
    columns = x if isinstance(x, Mapping) else {"x": x}
    named = {str(key): np.asarray(value) for key, value in columns.items()}
    return named if y is None else {**named, "y": np.asarray(y)}


def _is_array(data: object) -> bool:
    return hasattr(data, "__array__")
