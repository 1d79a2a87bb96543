"""ONNX files that are quantized by QuantizeLinear and DequantizeLinear: what these say, apart from
the model in real numbers that is left without them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper

from tinygen.converters.refused import Refused

_TO, _FROM = "QuantizeLinear", "DequantizeLinear"
_CODES = {"int8": 0, "uint8": 128}
"""What is subtracted from codes and zero points of a type to have those of int8."""
_AGAIN = "quantize it again with int8 or uint8 activations and symmetric weights, or give the float"


@dataclass(frozen=True)
class Weights:
    """A constant that the file has as codes: what they stand for, by one scale or one for each of
    an axis."""

    values: Any
    scales: Any
    zero_point: int


@dataclass
class Said:
    """What a file says: (scale, zero point) of its tensors, as int8 has them, and its constants."""

    tensors: dict[str, tuple[float, int]] = field(default_factory=dict)
    weights: dict[str, Weights] = field(default_factory=dict)


def is_quantized(model: onnx.ModelProto) -> bool:
    return any(node.op_type in (_TO, _FROM) for node in model.graph.node)


def taken_apart(model: onnx.ModelProto) -> tuple[onnx.ModelProto, Said]:
    """The model without those operators, of real weights, and what they said.

    Raises Refused for what no int8 graph of tensors with one scale each stands for.
    """
    model = copy.deepcopy(model)
    graph = model.graph
    constants = _constants(graph)
    writers = {name: node for node in graph.node for name in node.output}
    said, renamed, made = Said(), {}, {}
    for node in graph.node:
        if node.op_type != _FROM:
            continue
        codes, target = node.input[0], node.output[0]
        scale, zero = _parameters(node, constants)
        writer = writers.get(codes)
        if codes in constants:
            made[target] = _weights(target, constants[codes], scale, zero, _axis(node))
        elif writer is None or writer.op_type != _TO:
            raise Refused(
                f"begins with codes in '{codes}'",
                "no QuantizeLinear makes them; models are quantized from inputs of float32",
                "export it with float32 inputs and outputs",
            )
        elif writer.input[0] in constants:
            values = constants[writer.input[0]]
            found = _codes(values, *_parameters(writer, constants), _axis(writer))
            made[target] = _weights(target, found, scale, zero, _axis(node))
        else:
            if not _same(_parameters(writer, constants), (scale, zero)):
                raise Refused(
                    f"reads '{writer.input[0]}' with another scale than it was written with",
                    f"{writer.name or writer.op_type} and {node.name or node.op_type} differ",
                    _AGAIN,
                )
            _note(said.tensors, writer.input[0], scale, zero)
            renamed[target] = writer.input[0]
    said.weights.update(made)
    _require_read(graph, renamed, made)
    _without(graph, renamed, made)
    said.tensors = {_final(name, renamed): value for name, value in said.tensors.items()}
    return model, _at_outputs(model, said, renamed)


def _constants(graph: Any) -> dict[str, Any]:
    found = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Constant":
            value = {a.name: a for a in node.attribute}.get("value")
            if value is not None:
                found[node.output[0]] = numpy_helper.to_array(value.t)
    return found


def _parameters(node: Any, constants: Mapping[str, Any]) -> tuple[Any, Any]:
    """Scales and zero points; what gives none has uint8 codes without an offset."""
    names = list(node.input[1:])
    missing = [name for name in names if name and name not in constants]
    if missing or not names:
        raise Refused(
            f"computes a scale: that of {node.name or node.op_type}",
            f"'{(missing or [''])[0]}' is no constant",
            "quantize it statically: quantize_static",
        )
    scale = np.asarray(constants[names[0]], np.float32)
    zero = constants[names[1]] if len(names) > 1 and names[1] else np.zeros(scale.shape, np.uint8)
    return scale, zero


def _axis(node: Any) -> int:
    return next((int(a.i) for a in node.attribute if a.name == "axis"), 1)


def _same(one: tuple[Any, Any], other: tuple[Any, Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def _shaped(values: Any, like: Any, axis: int) -> Any:
    """Values of one axis, as they are combined with all of `like`."""
    if values.size == 1:
        return values.reshape(())
    shape = [1] * like.ndim
    shape[axis] = -1
    return values.reshape(shape)


def _codes(values: Any, scale: Any, zero: Any, axis: int) -> Any:
    """What QuantizeLinear makes of a constant."""
    limits = np.iinfo(zero.dtype)
    found = np.rint(values / _shaped(scale, values, axis)) + _shaped(zero, values, axis)
    return np.clip(found, limits.min, limits.max).astype(zero.dtype)


def _weights(name: str, codes: Any, scale: Any, zero: Any, axis: int) -> Weights:
    kind = str(codes.dtype)
    if kind != "int32" and kind not in _CODES:
        raise Refused(
            f"has the constant '{name}' in {kind}", "int8, uint8 and int32 are known", _AGAIN
        )
    zeros = {int(value) for value in np.ravel(zero)}
    if len(zeros) != 1:
        raise Refused(
            f"has a zero point for each channel of '{name}'",
            "codes of a device have one, and those of weights none",
            _AGAIN,
        )
    (point,) = zeros
    whole = codes.astype(np.int64) - point
    values = (whole * _shaped(scale.astype(np.float64), codes, axis)).astype(np.float32)
    return Weights(values, np.ravel(scale), point - _CODES.get(kind, 0))


def _note(tensors: dict[str, tuple[float, int]], name: str, scale: Any, zero: Any) -> None:
    kind = str(zero.dtype)
    if scale.size != 1 or kind not in _CODES:
        raise Refused(
            f"has '{name}' in {kind}" + ("" if scale.size == 1 else f" by {scale.size} scales"),
            "tensors of a device are int8 (or uint8, which is the same) with one scale each",
            _AGAIN,
        )
    value = float(scale.reshape(())), int(zero.reshape(())) - _CODES[kind]
    if tensors.setdefault(name, value) != value:
        raise Refused(
            f"has two scales for '{name}'",
            f"it is written as {tensors[name]} for one reader and as {value} for another",
            _AGAIN,
        )


def _require_read(graph: Any, renamed: Mapping[str, str], made: Mapping[str, Any]) -> None:
    """Codes are for DequantizeLinear alone."""
    codes = {node.output[0] for node in graph.node if node.op_type == _TO}
    for node in graph.node:
        if node.op_type != _FROM and codes & set(node.input):
            name = next(name for name in node.input if name in codes)
            raise Refused(
                f"computes with the codes '{name}'",
                f"{node.op_type} reads them without a DequantizeLinear",
                "quantize it with quant_format=QuantFormat.QDQ",
            )
    if ends := [value.name for value in graph.output if value.name in codes]:
        raise Refused(
            f"gives codes: its output '{ends[0]}'",
            "outputs are float32 behind a DequantizeLinear; the device then gives their codes",
            "export it with float32 outputs",
        )
    assert not renamed.keys() & made.keys()


def _final(name: str, renamed: Mapping[str, str]) -> str:
    while name in renamed:
        name = renamed[name]
    return name


def _without(graph: Any, renamed: Mapping[str, str], made: Mapping[str, Weights]) -> None:
    """Take the operators out, and put the constants in."""
    kept = [copy.deepcopy(n) for n in graph.node if n.op_type not in (_TO, _FROM)]
    for node in kept:
        for place, name in enumerate(node.input):
            node.input[place] = _final(name, renamed)
    del graph.node[:]
    graph.node.extend(kept)
    read = {name for node in kept for name in node.input}
    initializers = [copy.deepcopy(t) for t in graph.initializer if t.name in read]
    del graph.initializer[:]
    graph.initializer.extend(initializers)
    graph.initializer.extend(
        numpy_helper.from_array(weights.values, name)
        for name, weights in made.items()
        if name in read
    )
    del graph.value_info[:]


def _at_outputs(model: onnx.ModelProto, said: Said, renamed: Mapping[str, str]) -> Said:
    """An output that was what a DequantizeLinear gives is made by who wrote the codes."""
    inputs = {value.name for value in model.graph.input}
    for value in model.graph.output:
        inner = _final(value.name, renamed)
        if inner == value.name:
            continue
        if inner in inputs or any(other.name == inner for other in model.graph.output):
            model.graph.node.append(onnx.helper.make_node("Identity", [inner], [value.name]))
            said.tensors[value.name] = said.tensors[inner]
            continue
        for node in model.graph.node:
            for names in (node.input, node.output):
                for place, name in enumerate(names):
                    names[place] = value.name if name == inner else name
        said.tensors[value.name] = said.tensors.pop(inner)
    return said
