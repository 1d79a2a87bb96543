"""A file of PyTorch or ONNX -> a float .tflite, with what computes its reference."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from tinygen import processes, tflite
from tinygen.environments import ENVIRONMENTS, python_of
from tinygen.errors import InputError
from tinygen.ir import Quant, Shape
from tinygen.load import FloatFile
from tinygen.load.files import sha256
from tinygen.load.model import Layout, Origin, OwnScales
from tinygen.load.pt2 import require_numbers
from tinygen.load.tflite_float import float_file
from tinygen.pio import core
from tinygen.printable import printable

REQUEST, ANSWER = "request.json", "answer.json"
_LINES = 3
_TIMEOUT_SECONDS = 3600
_AGAIN = "export the model again, or convert it to a .tflite yourself and give that"


def convert(
    path: Path, content: bytes, *, shapes: Mapping[str, Shape], trust_model: bool
) -> FloatFile:
    """The model as a float `.tflite`, whose images have places before channels.

    `shapes` are those of inputs that an ONNX file leaves open, without the batch, as the file has
    its axes. Raises InputError where the environment is not set up, or the model is not converted;
    UntrustedModel for what could run code.
    """
    name = "onnx" if path.suffix.lower() == ".onnx" else "torch"
    if name == "torch":
        if not trust_model:
            require_numbers(content, path.name)
        if shapes:
            raise InputError(
                f"--input-shape was given for '{path.name}'",
                why="an exported program has its shapes; those of an ONNX file can be set",
                next_step="export it with the sizes that the device has",
            )
    _python(name)  # before anything else is done
    file = "model.onnx" if name == "onnx" else "model.pt2"
    request = {
        "folder": str(path.resolve().parent),
        "shapes": {key: list(shape) for key, shape in shapes.items()},
        "trusted": trust_model,
    }
    with tempfile.TemporaryDirectory(prefix="tinygen-") as made:
        folder = Path(made)
        (folder / file).write_bytes(content)
        answer = ask(name, "convert", folder, request, path.name)
        converted = (folder / "model.tflite").read_bytes()
        kept = (folder / "kept.onnx").read_bytes() if name == "onnx" else content
    try:
        loaded = float_file(path, tflite.parse(converted, path.name), converted, content, ())
    except InputError as error:
        raise type(error)(error.what, why=error.why, next_step=_AGAIN) from error
    versions = {key: printable(str(value)) for key, value in answer["versions"].items()}
    ins, outs = (_layouts(answer[side]) for side in ("inputs", "outputs"))
    inputs = (replace(e, name=one.name) for e, one in zip(loaded.inputs, ins, strict=True))
    tool, runtime = ("onnx2tf", "onnxruntime") if name == "onnx" else ("litert-torch", "torch")
    return replace(
        loaded,
        format="onnx" if name == "onnx" else "pt2",
        loader=f"{tool} {versions[tool]}, {answer['difference']:.1g} from {runtime}",
        sha256=sha256(content),
        inputs=tuple(inputs),
        outputs=tuple(one.name for one in outs),
        scales=_scales(answer.get("scales")),
        origin=Origin(
            environment=name,
            runtime=f"{_RUNTIMES[runtime]} {versions[runtime]}",
            content=kept,
            trusted=trust_model,
            inputs=ins,
            outputs=outs,
        ),
    )


_RUNTIMES = {"onnxruntime": "ONNX Runtime", "torch": "PyTorch"}


def _python(name: str) -> Path:
    """The interpreter of the environment; InputError, with what makes it, where it is not there."""
    (found,) = (one for one in ENVIRONMENTS if one.name == name)
    return python_of(found, core.cache_dir())


def _layouts(said: Any) -> tuple[Layout, ...]:
    return tuple(
        Layout(printable(str(name)), tuple(map(int, order)), str(name)) for name, order in said
    )


def _scales(said: Any) -> OwnScales | None:
    if said is None:
        return None
    return OwnScales(
        tensors={
            int(index): Quant((float(scale),), (int(zero),))
            for index, (scale, zero, _) in said["tensors"].items()
        },
        constants={
            int(index): Quant(tuple(map(float, scales)), (int(zero),) * len(scales))
            for index, (scales, zero, _) in said["constants"].items()
        },
    )


def ask(
    name: str, what: str, folder: Path, request: Mapping[str, Any], model: str
) -> dict[str, Any]:
    """Have the converter in the environment do `what` in `folder`, and return its answer; `model`
    is the file in errors. Raises InputError with what it said where it did not."""
    (folder / REQUEST).write_text(json.dumps(request), "utf-8")
    done = processes.run_python(
        f"tinygen.converters.{name}_child",
        what,
        str(folder),
        input=b"",
        timeout=_TIMEOUT_SECONDS,
        python=_python(name),
    )
    try:
        answer: dict[str, Any] = json.loads((folder / ANSWER).read_text("utf-8"))
    except (OSError, ValueError):
        answer = {}
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-_LINES:]
        raise InputError(
            f"'{model}' is not converted",
            why=printable(" ".join(said)[-400:]) or f"its converter ended with {done.returncode}",
            next_step=_AGAIN,
        ) from None
    if error := answer.get("error"):
        told = {key: printable(str(value)) for key, value in error.items()}
        raise InputError(
            f"'{model}' {told['what']}", why=told["why"], next_step=told["next_step"] or _AGAIN
        )
    return answer
