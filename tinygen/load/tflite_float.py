"""A `.tflite` of real numbers: layers compute with float32, and nothing in it is quantized."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tinygen.errors import InputError
from tinygen.ir import Edge, Shape
from tinygen.load.files import sha256
from tinygen.load.keras_file import checked_input
from tinygen.load.model import FloatFile, safe_name
from tinygen.load.tflite_file import check_batch
from tinygen.tflite import File, FileTensor

_WHOLE = ("INT8", "UINT8", "INT16", "INT4")
_REAL = "FLOAT32"


def is_float(file: File) -> bool:
    """Whether all that the file computes is float32; what picks, compares and counts may be of
    another type, but no tensor has one that quantizing makes."""
    if any(tensor.type in _WHOLE for tensor in file.tensors):
        return False
    read = {file.tensors[i].type for call in file.calls for i in call.inputs if i >= 0}
    half = ("FLOAT16", "FLOAT64", "BFLOAT16")
    return _REAL in read and not read.intersection(half)


def float_file(
    path: Path, file: File, content: bytes, whole: bytes, signatures: Sequence[str]
) -> FloatFile:
    """The model in `content`, of which `file` is what its tables say; `whole` is the file that has
    it, perhaps among others.

    Raises InputError for edges of a type that is not quantized, and for inputs whose size is open;
    UnsupportedModel for a batch other than 1.
    """
    inputs = [file.tensors[i] for i in file.inputs]
    names = _names([tensor.name for tensor in inputs], "input")
    for tensor in inputs:
        check_batch(tensor, file.name)
    for tensor in (file.tensors[i] for i in file.outputs):
        if tensor.type not in (_REAL, "INT32"):
            raise InputError(
                f"the output '{tensor.name}' of '{file.name}' is {tensor.type.lower()}",
                why="a float model's outputs are float32, or int32 where they count",
                next_step="convert the model again with outputs of those types",
            )
    return FloatFile(
        path=path,
        name=safe_name(path),
        format="tflite-float",
        loader="tflite (float)",
        attempts=(),
        sha256=sha256(whole),
        inputs=tuple(_edge(name, tensor, file) for name, tensor in zip(names, inputs, strict=True)),
        outputs=tuple(_names([file.tensors[i].name for i in file.outputs], "output")),
        signatures=tuple(signatures),
        content=content,
    )


def _edge(name: str, tensor: FileTensor, file: File) -> Edge:
    shape: tuple[int | None, ...] = _opened(tensor)
    return checked_input(name, shape, tensor.type.lower(), file.name)


def _opened(tensor: FileTensor) -> tuple[int | None, ...]:
    signature: Shape = tensor.signature or tensor.shape
    return tuple(
        None if said == -1 and size == 1 else size
        for said, size in zip(signature, tensor.shape, strict=True)
    )


def _names(found: Sequence[str], side: str) -> list[str]:
    """The names without what converters add to them (`serving_default_x:0`); of two that are equal
    then, and of none, `input_0` ..."""
    plain = [name.split(":", 1)[0].removeprefix("serving_default_") for name in found]
    if len(set(plain)) == len(plain) and all(plain):
        return plain
    return [f"{side}_{i}" for i in range(len(found))]
