"""A model that was quantized elsewhere -> int8 `.tflite`, by the scales that its file has.

Nothing is calibrated: each tensor gets the scale and zero point that were read, weights become the
codes that they were, and biases have the product of both scales, as TensorFlow Lite's specification
of int8 wants it. Where that wants one scale on both sides of an operator, or a certain one behind
it, and the file has another, a QUANTIZE stands between. What the file says nothing of is refused.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from tinygen import tflite
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import ABSENT, Array, Quant
from tinygen.load import FloatFile
from tinygen.load.model import OwnScales
from tinygen.tflite import Call, File, FileTensor
from tinygen.tflite.compose import Composition

_SAME = (
    *("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "TRANSPOSE", "PAD", "PADV2", "MIRROR_PAD", "SLICE"),
    *("STRIDED_SLICE", "SPLIT", "SPLIT_V", "PACK", "UNPACK", "CONCATENATION", "GATHER", "TILE"),
    *("REVERSE_V2", "SPACE_TO_DEPTH", "DEPTH_TO_SPACE", "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND"),
    *("MAX_POOL_2D", "AVERAGE_POOL_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR"),
    *("MAXIMUM", "MINIMUM", "BROADCAST_TO", "REDUCE_MAX", "REDUCE_MIN"),
)
"""What has the quantization of its inputs."""
_FIXED: Mapping[str, Quant] = {
    "SOFTMAX": Quant((1 / 256,), (-128,)),
    "LOGISTIC": Quant((1 / 256,), (-128,)),
    "TANH": Quant((1 / 128,), (0,)),
    "L2_NORMALIZATION": Quant((1 / 128,), (0,)),
    "LOG_SOFTMAX": Quant((1 / 16,), (127,)),
}
"""What gives one quantization alone."""
_WEIGHTS = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
"""What has weights as its second input, and along which axis their scales lie."""
_AGAIN = "quantize that operator too, or give the model before it was quantized"


def with_own_scales(loaded: FloatFile, scales: OwnScales, *, float_edges: bool) -> bytes:
    """The int8 model, with int8 inputs and outputs, or with `float_edges` those of the model.

    Raises UnsupportedModel, with what it is, for a tensor whose scale the file does not say.
    """
    file = tflite.parse(loaded.content, loaded.path.name)
    made = Composition(loaded.content)
    known = _known(file, scales)
    for index in file.inputs:
        if _is_real(file, index):
            quant = _of(known, file, index, "it is an input")
            made.set_input(index, quant, float_edges=float_edges)
    for place, call in enumerate(file.calls):
        _compose(made, file, place, call, known, scales)
    for index in file.outputs:
        if float_edges and _is_real(file, index):
            made.set_output_real(index, known[index])
    return made.packed()


def _is_real(file: File, index: int) -> bool:
    return index != ABSENT and file.tensors[index].type == "FLOAT32"


def _data(file: File, call: Call) -> list[int]:
    """Its inputs of real numbers that are computed."""
    return [i for i in call.inputs if _is_real(file, i) and not _constant(file, i)]


def _constant(file: File, index: int) -> bool:
    return file.tensors[index].data is not None


def _numbers(tensor: FileTensor) -> Array:
    assert tensor.data is not None  # a constant
    return np.frombuffer(tensor.data.tobytes(), "<f4").reshape(tensor.shape)


def _known(file: File, scales: OwnScales) -> dict[int, Quant]:
    """What the file says; what is moved or pooled before it is written as codes is as after it."""
    known = dict(scales.tensors)
    for call in reversed(file.calls):
        if call.kind in _SAME and call.outputs[0] in known:
            for index in _data(file, call):
                known.setdefault(index, known[call.outputs[0]])
    return known


def _of(known: Mapping[int, Quant], file: File, index: int, why: str) -> Quant:
    if index not in known:
        name = file.tensors[index].name
        raise UnsupportedModel(
            f"'{file.name}' is quantized, and has no scale for '{name}'",
            why=f"{why}, and no QuantizeLinear writes it",
            next_step=_AGAIN,
        )
    return known[index]


def _compose(
    made: Composition,
    file: File,
    place: int,
    call: Call,
    known: dict[int, Quant],
    scales: OwnScales,
) -> None:
    """One operator: what it reads and gives as codes."""
    data = _data(file, call)
    outputs = [index for index in call.outputs if _is_real(file, index)]
    given: Quant | None = None
    if call.kind in _SAME and data:
        joins = len(data) > 1
        given = known.get(outputs[0], known[data[0]]) if joins else known[data[0]]
    elif call.kind in _FIXED:
        given = _FIXED[call.kind]
    for position, index in enumerate(call.inputs):
        if not _is_real(file, index):
            continue
        if index in data:
            made.read(place, position, index, known[index], given if call.kind in _SAME else None)
        elif call.kind in _SAME and given is not None:
            values = _numbers(file.tensors[index])
            made.constant(place, position, index, *_rounded(values, given))
        else:
            found = _fixed(file, call, position, known, scales)
            made.constant(place, position, index, *found)
    for number, index in enumerate(outputs):
        if given is not None:
            known.setdefault(index, given)
        quant = _of(known, file, index, f"{call.kind} makes it")
        made.write(place, number, index, quant, given)


def _rounded(values: Array, quant: Quant) -> tuple[Array, Quant]:
    codes = np.rint(values / np.float32(quant.scale)) + quant.zero_point
    return np.clip(codes, -128, 127).astype(np.int8), quant


def _fixed(
    file: File,
    call: Call,
    position: int,
    known: Mapping[int, Quant],
    scales: OwnScales,
) -> tuple[Array, Quant]:
    """The codes of a constant, and what they stand for."""
    tensor = file.tensors[call.inputs[position]]
    values = _numbers(tensor)
    first = 2 if call.kind == "TRANSPOSE_CONV" else 0
    if call.kind in _WEIGHTS and position > 1 and position != first:
        weights = scales.constants[call.inputs[1]]
        factor = known[call.inputs[first]].scale
        products = tuple(float(np.float32(factor) * np.float32(s)) for s in weights.scales)
        codes = np.rint(values.astype(np.float64) / np.array(products))
        if np.abs(codes).max(initial=0) > np.iinfo(np.int32).max:
            raise InputError(
                f"'{file.name}' has a bias beyond 32 bits", why=f"'{tensor.name}'", next_step=_AGAIN
            )
        return codes.astype(np.int32), Quant(products, (0,) * len(products))
    said = scales.constants.get(call.inputs[position])
    if said is None:
        raise UnsupportedModel(
            f"'{file.name}' is quantized, and has no scale for the constant '{tensor.name}'",
            why=f"{call.kind} reads it, and it is none of the file's codes as they were",
            next_step=_AGAIN,
        )
    axis = _WEIGHTS.get(call.kind, 0)
    if call.kind in _WEIGHTS and any(said.zero_points):
        raise UnsupportedModel(
            f"'{file.name}' has weights with a zero point",
            why=f"{call.kind} reads '{tensor.name}', whose zero point is {said.zero_points[0]}"
            " as int8: the kernels of TensorFlow Lite have none for weights",
            next_step="quantize it again with symmetric weights (weight_type=QuantType.QInt8)",
        )
    return _exact(file, values, Quant(said.scales, said.zero_points, axis), tensor.name)


def _exact(file: File, values: Array, quant: Quant, name: str) -> tuple[Array, Quant]:
    """The codes that stand for exactly these values."""
    shape = [1] * values.ndim
    if len(quant.scales) > 1:
        shape[quant.axis] = -1
    steps = np.array(quant.scales, np.float32).astype(np.float64)
    if len(quant.scales) not in (1, values.shape[quant.axis]):
        steps = np.full(1, np.nan)
        shape = [1] * values.ndim
    steps = steps.reshape(shape)
    codes = np.rint(values / steps)
    whole = codes + quant.zero_points[0]
    same = (codes * steps).astype(np.float32) == values
    if not (same.all() and (np.abs(whole + 0.5) < 128).all()):
        raise UnsupportedModel(
            f"'{file.name}' has weights that are no longer its codes",
            why=f"the converter changed '{name}'",
            next_step="give the model before it was quantized",
        )
    return whole.astype(np.int8), quant
