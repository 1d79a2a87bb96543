"""What loading gives: frozen values, no I/O and no framework."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygen.ir import DType, Edge, Graph, Quant, Shape
from tinygen.load.files import Format

_INTEGERS = ("uint8", "int16")


@dataclass(frozen=True)
class Attempt:
    """A loader that did not open the file, and why, in one line."""

    loader: str
    why: str

    def __str__(self) -> str:
        return f"{self.loader}: {self.why}"


@dataclass(frozen=True, eq=False)
class SavedModelFunction:
    """One signature of a loaded SavedModel, or a frozen graph, which has none; `function` takes its
    inputs by name."""

    signature: str
    signatures: tuple[str, ...]
    function: Any
    keeps_alive: Any  # the loaded object: a signature does not keep its variables alive


@dataclass(frozen=True, eq=False)
class Opened:
    """A model file that was opened.

    `inputs`, and the names of `outputs`, are in the model's order. `sha256` is that of the file;
    for a folder it covers the sorted relative names and contents.
    """

    path: Path
    name: str
    format: Format
    loader: str
    attempts: tuple[Attempt, ...]
    sha256: str
    inputs: tuple[Edge, ...]
    outputs: tuple[str, ...]
    signatures: tuple[str, ...]
    """All that the file has, the one that is compiled first; none where it has no such thing."""

    @property
    def is_int8(self) -> bool:
        """Whether it is quantized already."""
        return self.format == "tflite"


@dataclass(frozen=True, eq=False)
class KerasModel(Opened):
    """A Keras model, of Keras 2 or 3."""

    model: Any
    types: Mapping[str, str]
    """Of its inputs by name, as they were saved: some are opened as another."""

    def saved_type(self, name: str) -> DType | None:
        """That of the input `name`, where it is one of integers for a device."""
        (*_, other) = ("", *self.types.values())
        saved = self.types.get(name, other if len(self.types) == 1 else "")
        return DType(saved) if saved in _INTEGERS else None


@dataclass(frozen=True, eq=False)
class SavedModel(Opened):
    """A SavedModel, one signature of it; or a frozen graph."""

    function: SavedModelFunction


@dataclass(frozen=True, eq=False)
class Int8File(Opened):
    """A `.tflite` file that is quantized already. `graph` is as the file has it."""

    content: bytes
    graph: Graph


@dataclass(frozen=True)
class Layout:
    """An edge of a model that was converted: its name, that in the file that it comes from, and the
    order of its axes, as numpy.transpose takes them of that file's."""

    name: str
    order: tuple[int, ...]
    own: str

    def source(self, shape: Shape) -> Shape:
        """The shape, the batch included, that the file has it in."""
        return tuple(size for _, size in sorted(zip(self.order, shape, strict=True)))


@dataclass(frozen=True)
class Origin:
    """What a float `.tflite` was converted from, and can be computed by: in the environment of this
    name, by this runtime. `content` is an ONNX file with all in it, or an exported program."""

    environment: str
    runtime: str
    content: bytes
    trusted: bool
    inputs: tuple[Layout, ...]
    outputs: tuple[Layout, ...]


@dataclass(frozen=True)
class OwnScales:
    """How a file that a `.tflite` was converted from has its tensors as int8, where it says so; by
    their ids there, without those of which it says nothing. Constants of a scale for each channel
    have as many zero points."""

    tensors: Mapping[int, Quant]
    constants: Mapping[int, Quant]


@dataclass(frozen=True, eq=False)
class FloatFile(Opened):
    """A `.tflite` of real numbers, or what a converter made such of; `scales` are those that the
    converted file brings along."""

    content: bytes
    origin: Origin | None = None
    scales: OwnScales | None = None


FloatModel = KerasModel | SavedModel | FloatFile
"""What has to be quantized."""

LoadedModel = FloatModel | Int8File


def safe_name(path: Path) -> str:
    """The file's name without suffix, fit for a folder name and a C identifier."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", path.stem).strip("_")[:40]
    if not name:
        return "model"
    return f"model_{name}" if name[0].isdigit() else name
