"""What loading gives: frozen values, no I/O and no framework."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class InputSpec:
    """One input of a model.

    `shape` leaves the batch out (it is fixed at 1); `dtype` is NumPy's name of the type the model
    takes: `float32` for Keras models and SavedModels, also `int8` for a `.tflite`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"

    @property
    def size(self) -> int:
        """Elements of one sample."""
        size = 1
        for axis in self.shape:
            size *= axis
        return size

    def __str__(self) -> str:
        return f"{self.name} {format_shape(self.shape)}"


@dataclass(frozen=True)
class Attempt:
    """A loader that did not open the file, and why, in one line."""

    loader: str
    why: str

    def __str__(self) -> str:
        return f"{self.loader}: {self.why}"


@dataclass(frozen=True, eq=False)
class SavedModelFunction:
    """One signature of a loaded SavedModel, callable with its inputs by name."""

    signature: str
    function: Any
    keeps_alive: Any  # the loaded object: a signature does not keep its variables alive


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model file that was opened.

    `model` is a Keras model, or a `SavedModelFunction` for a SavedModel; it is None for a
    `.tflite`, whose bytes are in `tflite`. `outputs` are the names of the outputs in order.
    `sha256` is that of the file; for a folder it covers the sorted relative names and contents.
    """

    path: Path
    name: str
    format: str
    loader: str
    attempts: tuple[Attempt, ...]
    sha256: str
    model: Any | None
    tflite: bytes | None
    inputs: tuple[InputSpec, ...]
    outputs: tuple[str, ...]


def format_shape(shape: tuple[int, ...]) -> str:
    """A shape as people write it: `96x96x3`, or `scalar`."""
    return "x".join(str(axis) for axis in shape) or "scalar"


def safe_name(path: Path) -> str:
    """The file's name without suffix, fit for a folder name and a C identifier."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", path.stem).strip("_")[:40]
    if not name:
        return "model"
    return f"model_{name}" if name[0].isdigit() else name
