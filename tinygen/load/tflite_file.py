"""Is a `.tflite` file an int8 model? Needs neither TensorFlow nor LiteRT."""

from __future__ import annotations

import math

from tinygen.errors import InputError, UnsupportedModel
from tinygen.ops import BY_KIND, FloatFunction
from tinygen.ops.cast import Cast
from tinygen.ops.comparison import Comparison
from tinygen.ops.fill import Fill
from tinygen.ops.move import Move
from tinygen.ops.real import APART, FOLDS, MAPS, PAIRS
from tinygen.tflite import Call, File, FileTensor

_QUANTIZE, _DEQUANTIZE = "QUANTIZE", "DEQUANTIZE"
_TABULATED = tuple(kind for kind, op in BY_KIND.items() if issubclass(op, FloatFunction))
"""What may stand in float between DEQUANTIZE and QUANTIZE: it is compiled as a table."""
_PLAIN = tuple(k for k, op in BY_KIND.items() if issubclass(op, Cast | Comparison | Fill))
"""What computes with numbers of any type."""
_EXACT = (*MAPS, *PAIRS, *FOLDS, *APART, *_PLAIN)
"""And this: every device computes the same float."""
_MOVES = tuple(kind for kind, op in BY_KIND.items() if issubclass(op, Move))
"""What may stand there too: codes are moved in place of real values."""
_IN_FLOAT = (_QUANTIZE, _DEQUANTIZE, *_TABULATED, *_EXACT, *_MOVES)
_CODES = ("INT8", "INT16")
_FLOATS = ("FLOAT32", "FLOAT16", "FLOAT64", "BFLOAT16")
_ADVICE = (
    "give the Keras model, or the float .tflite, and calibration data instead: tinygen quantizes it"
    " itself"
)


def check_int8(file: File) -> None:
    """Raises InputError for a model that is not int8, UnsupportedModel for a batch other than 1 and
    for inputs whose size is open.

    Inputs and outputs of another type are accepted where a QUANTIZE or DEQUANTIZE stands between
    them and int8.
    """
    _check_edges(file)
    _check_inside(file)
    for index in file.inputs:
        _check_open(file.tensors[index], file.name)
        check_batch(file.tensors[index], file.name)


def _check_edges(file: File) -> None:
    for index in file.inputs:
        users = [call for call in file.calls if index in call.inputs]
        quantized = bool(users) and all(
            user.kind == _QUANTIZE and _type(file, user.outputs) in _CODES for user in users
        )
        others = [user.kind for user in users if user.kind != _QUANTIZE]
        if others and file.tensors[index].type in _FLOATS and _computes_int8(file):
            raise InputError(
                f"'{file.name}' is only partly quantized",
                why=f"{', '.join(dict.fromkeys(others))} computes with the input"
                f" '{file.tensors[index].name}' in {file.tensors[index].type.lower()}, before it is"
                " quantized",
                next_step="convert it again with a QUANTIZE right behind each input, or " + _ADVICE,
            )
        _check_edge(file.tensors[index], "input", quantized, file.name)
    for index in file.outputs:
        makers = _makers(file, index)
        quantized = bool(makers) and all(
            maker.kind in (_QUANTIZE, _DEQUANTIZE) and _type(file, maker.inputs) in _CODES
            for maker in makers
        )
        _check_edge(file.tensors[index], "output", quantized, file.name)


def _computes_int8(file: File) -> bool:
    return any(_type(file, call.outputs) in _CODES for call in file.calls)


def _makers(file: File, index: int) -> list[Call]:
    """What makes a tensor's values, before they are moved."""
    for call in reversed(file.calls):
        if index in call.outputs:
            if call.kind not in _MOVES:
                return [call]
            floats = [i for i in call.inputs if i >= 0 and file.tensors[i].type == "FLOAT32"]
            index = floats[0] if floats else -1
    return []


def _type(file: File, indices: tuple[int, ...]) -> str:
    return file.tensors[indices[0]].type if indices and indices[0] >= 0 else ""


def _check_edge(tensor: FileTensor, side: str, quantized: bool, file_name: str) -> None:
    if tensor.type in _CODES and not (tensor.type == "INT16" and quantized):
        scales = tensor.scales
        if len(scales) != 1 or not math.isfinite(scales[0]) or scales[0] <= 0:
            raise InputError(
                f"'{file_name}' is no int8 model",
                why=f"the {side} '{tensor.name}' is {tensor.type.lower()}, but has no usable scale",
                next_step=_ADVICE,
            )
        return
    if tensor.type == "INT32" or (tensor.type in ("FLOAT32", "UINT8", "INT16") and quantized):
        return
    if tensor.type in _FLOATS:
        raise InputError(
            f"'{file_name}' is a float model",
            why=f"the {side} '{tensor.name}' is {tensor.type.lower()} and is not quantized",
            next_step=_ADVICE,
        )
    if tensor.type == "UINT8":
        raise InputError(
            f"'{file_name}' is a uint8 model",
            why=f"the {side} '{tensor.name}' is uint8, and no QUANTIZE stands between it and int8:"
            " it is computed with uint8, as TensorFlow 1 did",
            next_step=_ADVICE,
        )
    raise InputError(
        f"'{file_name}' is no int8 model",
        why=f"the {side} '{tensor.name}' is {tensor.type.lower()}",
        next_step=_ADVICE,
    )


def _check_inside(file: File) -> None:
    """Only QUANTIZE and DEQUANTIZE may touch float, at the edges and around what is compiled in
    float; what is computed of constants alone is folded."""
    edges = {*file.inputs, *file.outputs}
    known = {i for i, tensor in enumerate(file.tensors) if tensor.data is not None}
    for call in file.calls:
        if call.kind in (*_TABULATED, *_EXACT, *_MOVES):
            edges.update((*call.inputs, *call.outputs))
        if known.issuperset(index for index in call.inputs if index >= 0):
            known.update(call.outputs)
            edges.update((*call.inputs, *call.outputs))
    for call in file.calls:
        for index in (*call.inputs, *call.outputs):
            if index < 0 or file.tensors[index].type not in _FLOATS:
                continue
            allowed = call.kind in _IN_FLOAT or known.issuperset(call.outputs)
            if allowed and index in edges:
                continue
            raise InputError(
                f"'{file.name}' is only partly quantized",
                why=f"the operator {call.kind} computes with"
                f" {file.tensors[index].type.lower()} ('{file.tensors[index].name}')",
                next_step=_ADVICE,
            )


_DIMENSIONS = {4: ("batch", "height", "width", "channels")}


def _check_open(tensor: FileTensor, file_name: str) -> None:
    """Only the batch may be open: a 1 that stands for any size would be compiled as one pixel."""
    signature = tensor.signature or tensor.shape
    names = _DIMENSIONS.get(len(signature), [f"dimension {i}" for i in range(len(signature))])
    unknown = [
        name
        for name, size, given in zip(names[1:], signature[1:], tensor.shape[1:], strict=True)
        if size == -1 and given == 1
    ]
    if unknown:
        example = tuple(96 if size == -1 else size for size in signature[1:])
        raise UnsupportedModel(
            f"the input '{tensor.name}' of '{file_name}' leaves {' and '.join(unknown)} open",
            why=f"its shape is {list(signature)}, where -1 stands for any size; firmware has one",
            next_step=f"give the Keras model an input of the size that the device has, such as "
            f"keras.Input({example}), and convert it again",
        )


def check_batch(tensor: FileTensor, file_name: str) -> None:
    # An input of one dimension has no batch.
    batched = len(tensor.shape) > 1
    if not tensor.shape or (batched and tensor.shape[0] != 1) or min(tensor.shape) < 1:
        raise UnsupportedModel(
            f"the input '{tensor.name}' of '{file_name}' has the shape {list(tensor.shape)}",
            why="the first axis is the batch and is compiled as 1",
            next_step="convert the model with a batch of 1, or " + _ADVICE,
        )
