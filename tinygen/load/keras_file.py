"""Keras files, opened by Keras 3 or by `tf_keras` (Keras 2), whichever can.

Each opens files that the other cannot: Keras 3 refuses many files of Keras 2, `tf_keras` those
of Keras 3. The one that wrote the file is tried first.
"""

from __future__ import annotations

import importlib
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import DType, Edge, Shape
from tinygen.load.archive import inspect_archive
from tinygen.load.changes import change, types_of_inputs
from tinygen.load.files import Format
from tinygen.load.hdf5 import inspect_hdf5, no_model, one_line
from tinygen.load.keras_config import check_config, parse_config, untrusted
from tinygen.load.memory import bounded_memory
from tinygen.load.model import Attempt
from tinygen.load.policy import set_config, with_config
from tinygen.load.quiet import import_tensorflow, quiet
from tinygen.load.weights import check_finite

_SUFFIX = {"keras-h5": ".h5", "keras-v3": ".keras"}


@dataclass(frozen=True)
class KerasFile:
    """A sound file: its bytes and format, the version of Keras that wrote it (may be empty), its
    configuration, what was changed in that, in words, and what types its inputs had before, by
    their names."""

    content: bytes
    format: Format
    name: str
    version: str
    config: dict[str, Any]
    changes: tuple[str, ...]
    types: Mapping[str, str]


def inspect(
    content: bytes,
    file_format: Format,
    file_name: str,
    *,
    trust_model: bool,
    shapes: Mapping[str, Shape],
    unroll: bool,
) -> KerasFile:
    """Refuse what cannot or must not be opened; executes nothing. `shapes` are those of inputs that
    leave theirs open; with `unroll` no recurrent layer becomes one operator.

    Raises InputError for damaged and weights-only files, UntrustedModel for what could run code.
    """
    danger: str | None = None
    config: str | bytes
    if file_format == "keras-h5":
        facts = inspect_hdf5(content, file_name)
        if facts.config is None:
            raise no_model(facts.names, file_name)
        config, version, danger = facts.config, facts.version, facts.danger
    else:
        archive = inspect_archive(content, file_name)
        config, version = archive.config, archive.version
        if archive.weights is not None:
            danger = inspect_hdf5(archive.weights, file_name).danger
        if archive.others:
            danger = f"besides configuration and weights it holds '{archive.others[0][:60]}'"
    parsed = parse_config(config, f"'{file_name}'")
    if not trust_model:
        check_config(parsed, file_name)
        if danger:
            raise untrusted(file_name, danger)
    types = types_of_inputs(parsed)
    changes = change(parsed, shapes, unroll=unroll)
    return KerasFile(content, file_format, file_name, version, parsed, changes, types)


def open_model(file: KerasFile, *, trust_model: bool) -> tuple[Any, str, tuple[Attempt, ...]]:
    """The Keras model, the loader that opened it, and those that did not.

    Raises InputError, with every loader's reason, when none does, and for weights that are not
    finite.
    """
    import_tensorflow()
    attempts: list[Attempt] = []
    with tempfile.TemporaryDirectory(prefix="tinygen-") as folder:
        # A private copy under the suffix that loaders expect: what was inspected is what is opened.
        copy = Path(folder) / f"model{_SUFFIX[file.format]}"
        _write(copy, file)
        for package in _order(file.version):
            loader = package
            try:
                with quiet():
                    keras = importlib.import_module(package)
                    loader = f"{package} {keras.__version__}"
                    _check_backend(keras)
                    with bounded_memory(len(file.content)):
                        model = keras.models.load_model(
                            str(copy), compile=False, safe_mode=not trust_model
                        )
            except Exception as error:  # whatever a loader raises on a strange file
                attempts.append(Attempt(loader, _reason(error).replace(str(copy), file.name)))
                continue
            check_finite(model.weights, file.name)
            return model, ", ".join((loader, *file.changes)), tuple(attempts)
    raise InputError(
        f"'{file.name}' cannot be opened by any loader",
        why="\n".join(str(attempt) for attempt in attempts),
        next_step="open and save the model again with a current Keras: model.save('model.keras')",
    )


def _write(copy: Path, file: KerasFile) -> None:
    if not file.changes:
        copy.write_bytes(file.content)
    elif file.format == "keras-v3":
        copy.write_bytes(with_config(file.content, file.config))
    else:
        copy.write_bytes(file.content)
        set_config(copy, file.config)


def _order(version: str) -> Sequence[str]:
    """Loaders to try: first the one of the version that wrote the file.

    `tf_keras` writes TensorFlow's version (2.x), as Keras 2 did.
    """
    return ("keras", "tf_keras") if version.startswith("3") else ("tf_keras", "keras")


def _check_backend(keras: Any) -> None:
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise RuntimeError(f"Keras was imported with the backend {backend}, not tensorflow")


def _reason(error: Exception) -> str:
    """The line that matters of a loader's error message."""
    inner = re.findall(r"Exception encountered:\s*(.+)", str(error))
    return one_line(RuntimeError(inner[-1])) if inner else one_line(error)


def input_edges(model: Any, file_name: str) -> tuple[Edge, ...]:
    """The inputs of a Keras model in order.

    Raises InputError for a model without fixed shapes, UnsupportedModel for other types than
    float32.
    """
    try:
        tensors = list(model.inputs or ())
    except (AttributeError, ValueError):
        tensors = []
    if not tensors:
        raise InputError(
            f"'{file_name}' does not say the shape of its input",
            why="the model was saved before it was built",
            next_step="begin the model with keras.layers.Input(shape=...) and save it again",
        )
    names = getattr(model, "input_names", None) or [_clean(tensor.name) for tensor in tensors]
    if len(tensors) == 1 and names[0].startswith("keras_tensor"):
        names = ["input"]  # a number that Keras 3 counts up within a process
    edges = (
        checked_input(str(name), tuple(tensor.shape), _dtype(tensor.dtype), file_name)
        for name, tensor in zip(names, tensors, strict=True)
    )
    limit = min((int(layer.input_dim) for layer in embeddings(model)), default=None)
    return tuple(replace(e, limit=limit) if e.dtype is DType.INT32 else e for e in edges)


def embeddings(model: Any) -> list[Any]:
    """Every Embedding layer of a Keras model, in models within it too."""
    flatten = getattr(model, "_flatten_layers", None)
    layers = [] if flatten is None else flatten(include_self=False, recursive=True)
    return [layer for layer in layers if type(layer).__name__ == "Embedding"]


def checked_input(name: str, shape: tuple[int | None, ...], dtype: str, file_name: str) -> Edge:
    """The input as tinygen compiles it: batch 1, fixed shape, float32, or int32 where numbers pick
    something."""
    if len(shape) < 1 or any(axis is None or axis < 1 for axis in shape[1:]):
        written = ", ".join("?" if axis is None else str(axis) for axis in shape)
        raise InputError(
            f"the input '{name}' of '{file_name}' has no fixed shape",
            why=f"its shape is ({written}); only the first axis, the batch, may be open",
            next_step="--input-shape "
            + "x".join("96" if axis is None else str(axis) for axis in shape[1:])
            + ", for example, or save the model with an Input of a shape without None",
        )
    if dtype not in ("float32", "int32"):
        raise UnsupportedModel(
            f"the input '{name}' of '{file_name}' is {dtype}",
            why="models are quantized from float32 inputs; int32 ones pick rows of an Embedding",
            next_step="save the model with an input of float32, or of int32 where it picks",
        )
    fixed = (1, *(int(axis) for axis in shape[1:] if axis is not None))
    return replace(Edge.real(name, fixed), dtype=DType(dtype))


def output_names(model: Any) -> tuple[str, ...]:
    """The names of a Keras model's outputs in order."""
    names = getattr(model, "output_names", None)
    if not names:  # a Sequential of Keras 3: the output is the last layer's
        names = [model.layers[-1].name] if len(model.outputs) == 1 else []
    if len(names) != len(model.outputs):
        names = [f"output_{index}" for index in range(len(model.outputs))]
    return tuple(str(name) for name in names)


def _clean(name: str) -> str:
    return name.split(":", 1)[0]


def _dtype(dtype: Any) -> str:
    return dtype if isinstance(dtype, str) else str(dtype.name)
