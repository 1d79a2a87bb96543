"""Any model file -> a loaded model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from tinygen import tflite
from tinygen.errors import InputError
from tinygen.ir import Shape, input_edges, output_edges
from tinygen.load import keras_file
from tinygen.load.files import (
    check_saved_model_folder,
    read_file,
    read_folder,
    recognise,
    sha256,
)
from tinygen.load.frozen import load_frozen
from tinygen.load.model import (
    FloatFile,
    Int8File,
    KerasModel,
    LoadedModel,
    SavedModel,
    safe_name,
)
from tinygen.load.quiet import require_tensorflow
from tinygen.load.saved_model import load_saved_model
from tinygen.load.signature import choose, ordered, require_none
from tinygen.load.tflite_file import check_int8
from tinygen.load.tflite_float import float_file, is_float
from tinygen.paths import exists, missing_path

_AS_SAVED: Mapping[str, Shape] = {}


class Convert(Protocol):
    """What makes a float `.tflite` of a file of another framework."""

    def __call__(
        self, path: Path, content: bytes, *, shapes: Mapping[str, Shape], trust_model: bool
    ) -> FloatFile: ...


def load(
    path: Path,
    *,
    trust_model: bool = False,
    shapes: Mapping[str, Shape] = _AS_SAVED,
    signature: str | None = None,
    convert: Convert | None = None,
    unroll: bool = False,
) -> LoadedModel:
    """Open a Keras `.h5` or `.keras` file, a SavedModel folder, a frozen `.pb` or a `.tflite`, int8
    or float; and with `convert` an `.onnx` or a `.pt2`.

    `shapes` are those of inputs of a Keras or ONNX file or a `.pb` that leave theirs open, by name,
    without the batch; `signature` is which of the models in the other kinds of file is meant, of a
    frozen graph the nodes that come out. With `unroll` no recurrent layer of a Keras file becomes
    one operator.

    The file is inspected before anything in it is opened. Raises UntrustedModel when it could
    run code of its own and `trust_model` is false, and InputError when it is no usable model.
    A `.tflite` is loaded without TensorFlow.
    """
    path = Path(path)
    if not exists(path):
        raise missing_path(path, "model")
    if path.is_dir():
        require_tensorflow(path.name)
        _require_as_saved(shapes, path)
        return _load_folder(path, signature, trust_model=trust_model)
    content = read_file(path)
    file_format = recognise(path, content)
    if file_format == "tflite":
        _require_as_saved(shapes, path)
        return _load_tflite(path, content, signature)
    require_tensorflow(path.name)
    if file_format == "frozen-graph":
        return _load_frozen(path, content, signature, shapes, trust_model=trust_model)
    require_none(signature, path)
    if file_format in ("onnx", "pt2"):
        if convert is None:
            raise InputError(f"'{path.name}' is converted by `tinygen build` and `inspect` alone")
        return convert(path, content, shapes=shapes, trust_model=trust_model)
    file = keras_file.inspect(
        content, file_format, path.name, trust_model=trust_model, shapes=shapes, unroll=unroll
    )
    model, loader, attempts = keras_file.open_model(file, trust_model=trust_model)
    return KerasModel(
        path=path,
        name=safe_name(path),
        format=file_format,
        loader=loader,
        attempts=attempts,
        sha256=sha256(content),
        inputs=keras_file.input_edges(model, path.name),
        model=model,
        types=file.types,
        outputs=keras_file.output_names(model),
        signatures=(),
    )


def _require_as_saved(shapes: Mapping[str, Shape], path: Path) -> None:
    if shapes:
        raise InputError(
            f"--input-shape was given for '{path.name}'",
            why="only the layers of a Keras file are built anew; here they are built already",
            next_step="give the .keras or .h5 file, or save the model with the size of the device",
        )


def _load_tflite(path: Path, whole: bytes, asked: str | None) -> Int8File | FloatFile:
    names = tflite.signatures(whole, path.name)
    chosen = choose(names, asked, path.name) if names or asked is not None else None
    several = len(set(names.values())) > 1
    content = tflite.with_signature(whole, names[chosen]) if chosen and several else whole
    file = tflite.parse(content, path.name)
    signatures = ordered(names, chosen) if chosen else ()
    if is_float(file):
        require_tensorflow(path.name)
        return float_file(path, file, content, whole, signatures)
    check_int8(file)
    graph = tflite.graph(file, safe_name(path))
    return Int8File(
        path=path,
        name=graph.name,
        format="tflite",
        loader="tflite",
        attempts=(),
        sha256=sha256(whole),
        inputs=input_edges(graph),
        outputs=tuple(edge.name for edge in output_edges(graph)),
        signatures=signatures,
        content=content,
        graph=graph,
    )


def _load_frozen(
    path: Path,
    content: bytes,
    asked: str | None,
    shapes: Mapping[str, Shape],
    *,
    trust_model: bool,
) -> SavedModel:
    function, loader, inputs, outputs = load_frozen(
        content, path.name, asked, shapes, trust_model=trust_model
    )
    return SavedModel(
        path=path,
        name=safe_name(path),
        format="frozen-graph",
        loader=loader,
        attempts=(),
        sha256=sha256(content),
        inputs=inputs,
        function=function,
        outputs=outputs,
        signatures=(),
    )


def _load_folder(path: Path, asked: str | None, *, trust_model: bool) -> SavedModel:
    try:
        check_saved_model_folder(path)
        files = read_folder(path)
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read", why=str(error), next_step="check the folder's permissions"
        ) from error
    function, loader, inputs, outputs = load_saved_model(
        files, path.name, asked, trust_model=trust_model
    )
    return SavedModel(
        path=path,
        name=safe_name(path),
        format="saved-model",
        loader=loader,
        attempts=(),
        sha256=sha256(files),
        inputs=inputs,
        function=function,
        outputs=outputs,
        signatures=ordered(function.signatures, function.signature),
    )
