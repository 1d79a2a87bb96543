"""Any model file -> a loaded model."""

from __future__ import annotations

from pathlib import Path

from tinygen.errors import InputError
from tinygen.load import keras_file
from tinygen.load.files import (
    check_saved_model_folder,
    exists,
    missing_path,
    read_file,
    read_folder,
    recognise,
    sha256,
)
from tinygen.load.model import LoadedModel, safe_name
from tinygen.load.saved_model import load_saved_model
from tinygen.load.tflite_file import check_int8


def load(path: Path, *, trust_model: bool = False) -> LoadedModel:
    """Open a Keras `.h5` or `.keras` file, a SavedModel folder or an int8 `.tflite`.

    The file is inspected before anything in it is opened. Raises UntrustedModel when it could
    run code of its own and `trust_model` is false, and InputError when it is no usable model.
    A `.tflite` is loaded without TensorFlow.
    """
    path = Path(path)
    if not exists(path):
        raise missing_path(path, "model")
    if path.is_dir():
        return _load_folder(path, trust_model=trust_model)
    content = read_file(path)
    file_format = recognise(path, content)
    digest = sha256(content)
    if file_format == "tflite":
        inputs, outputs = check_int8(content, path.name)
        return LoadedModel(
            path, safe_name(path), file_format, "tflite", (), digest, None, content, inputs, outputs
        )
    file = keras_file.inspect(content, file_format, path.name, trust_model=trust_model)
    model, loader, attempts = keras_file.open_model(file, trust_model=trust_model)
    return LoadedModel(
        path,
        safe_name(path),
        file_format,
        loader,
        attempts,
        digest,
        model,
        None,
        keras_file.input_specs(model, path.name),
        keras_file.output_names(model),
    )


def _load_folder(path: Path, *, trust_model: bool) -> LoadedModel:
    try:
        check_saved_model_folder(path)
        files = read_folder(path)
    except OSError as error:
        raise InputError(
            f"'{path}' cannot be read", why=str(error), next_step="check the folder's permissions"
        ) from error
    model, loader, inputs, outputs = load_saved_model(files, path.name, trust_model=trust_model)
    return LoadedModel(
        path,
        safe_name(path),
        "saved-model",
        loader,
        (),
        sha256(files),
        model,
        None,
        inputs,
        outputs,
    )
