"""An ONNX file, read and checked: data inside, shapes fixed, nothing that no converter knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx

from tinygen.converters.refused import Refused

_MAX_BYTES = 1 << 30
_FOLLOWED = (
    *("Cast", "Clip", "Identity", "Relu", "LeakyRelu", "Elu", "Sigmoid", "Tanh", "Neg", "Abs"),
    *("Add", "Sub", "Mul", "Div", "Pow", "Sqrt", "Dropout", "Pad", "QuantizeLinear"),
    *("DequantizeLinear", "HardSwish", "Max", "Min", "BatchNormalization"),
)
"""What changes no shape: behind it the reader of an input is looked for."""
_SPATIAL = (
    *("Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool"),
    *("InstanceNormalization", "LpPool", "Upsample", "Resize", "DepthToSpace", "SpaceToDepth"),
)
"""What has channels before places: an input that it reads is an image, or a signal."""
_REAL, _PICKS = onnx.TensorProto.FLOAT, (onnx.TensorProto.INT32, onnx.TensorProto.INT64)
_RUNTIME = "com.microsoft"
"""ONNX Runtime's own operators, of which those for codes mean what ONNX's do."""
_QOPERATORS = ("QLinear", "ConvInteger", "MatMulInteger", "DynamicQuantize")


def read(path: Path) -> onnx.ModelProto:
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except DecodeError as error:
        raise Refused("is damaged", f"it cannot be read as an ONNX file: {error}", "") from error
    if not model.graph.node:
        raise Refused("is no ONNX model", "its graph has no node", "export the model again")
    return model


def inline(model: onnx.ModelProto, folder: Path) -> None:
    """Read what lies in other files into the model: only files of the model's own folder."""
    from onnx import external_data_helper as helper

    total = 0
    root = folder.resolve()
    for tensor in helper._get_all_tensors(model):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        entry = {item.key: item.value for item in tensor.external_data}
        location = entry.get("location", "")
        path = (root / location).resolve()
        if not location or Path(location).is_absolute() or not path.is_relative_to(root):
            raise Refused(
                "names a file outside of its own folder",
                f"the data of '{tensor.name}' would be read from '{location}'",
                "save the model again with its data inside, or in files beside it",
            )
        if not path.is_file():
            raise Refused(
                "lacks a file of its data",
                f"the data of '{tensor.name}' lies in '{location}', which is not beside it",
                "copy that file too, or save the model with its data inside",
            )
        offset, size = int(entry.get("offset", 0)), path.stat().st_size
        length = int(entry.get("length", size - offset))
        total += max(length, 0)
        if offset < 0 or length < 0 or offset + length > size or total > _MAX_BYTES:
            raise Refused(
                "contradicts its file of data",
                f"'{tensor.name}' is {length} bytes from {offset} on; '{location}' has {size}",
                "copy or export the model again",
            )
        with path.open("rb") as file:
            file.seek(offset)
            tensor.raw_data = file.read(length)
        tensor.data_location = onnx.TensorProto.DEFAULT
        del tensor.external_data[:]


def check(model: onnx.ModelProto) -> None:
    """Refuse versions and operators that nothing here knows."""
    known = onnx.defs.onnx_opset_version()
    for entry in model.opset_import:
        if entry.domain in ("", "ai.onnx") and not 1 <= entry.version <= known:
            raise Refused(
                f"has the opset {entry.version}",
                f"the operators of the opsets 1 to {known} are known here",
                f"export it again with opset_version={min(known, 17)}",
            )
    custom: dict[str, str] = {}
    for node in model.graph.node:
        if node.domain == _RUNTIME and node.op_type in ("QuantizeLinear", "DequantizeLinear"):
            continue
        if node.domain not in ("", "ai.onnx") or not onnx.defs.has(node.op_type):
            kind = f"{node.domain or 'ai.onnx'}.{node.op_type}"
            custom.setdefault(kind, node.name or node.op_type)
    if custom:
        raise Refused(
            f"has operators that are not ONNX's own: {', '.join(custom)}",
            f"no converter knows them; the first is the node '{next(iter(custom.values()))}'",
            "export the model without them, or cut it before them",
        )
    whole = [n.op_type for n in model.graph.node if n.op_type.startswith(_QOPERATORS)]
    if whole:
        raise Refused(
            f"is quantized in the form of whole operators ({', '.join(dict.fromkeys(whole))})",
            "scales are taken over from QuantizeLinear and DequantizeLinear alone",
            "quantize it with quant_format=QuantFormat.QDQ, or give the float model",
        )
    try:
        onnx.checker.check_model(model)
    except onnx.checker.ValidationError as error:
        said = str(error).strip().splitlines()[0]
        raise Refused("is no valid ONNX model", said, "export it again") from error


def graph_inputs(model: onnx.ModelProto) -> list[Any]:
    """The inputs that somebody has to give: older files list constants too."""
    constants = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in constants]


def fix(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]]) -> None:
    """Give every input the batch of 1 and a fixed shape, and a type that a device has."""
    inputs = graph_inputs(model)
    if not inputs:
        raise Refused("has no input", "what it computes is the same each time", "export it again")
    for value in inputs:
        _fix_type(model, value)
        axes = value.type.tensor_type.shape.dim
        # Some exporters write -1 for an open axis, which has no number otherwise.
        said = [axis.dim_value if axis.dim_value > 0 else None for axis in axes]
        given = shapes.get(value.name, shapes.get("", None) if len(inputs) == 1 else None)
        if given is not None:
            if len(given) != len(said) - 1:
                raise Refused(
                    f"has an input '{value.name}' of another rank than --input-shape",
                    f"it is {_shape(said)}, of which the first axis is the batch",
                    "give as many sizes as it has axes behind the batch",
                )
            said = [said[0], *given]
        if not said or any(axis is None or axis < 1 for axis in said[1:]):
            example = "x".join(str(96 if axis is None else axis) for axis in said[1:])
            raise Refused(
                f"leaves the shape of its input '{value.name}' open",
                f"it is {_shape(said)}; only the first axis, the batch, may be open",
                f"--input-shape {example or '96'}, for example, or export it with fixed sizes",
            )
        if said[0] not in (None, 1):
            raise Refused(
                f"takes {said[0]} samples at once",
                f"its input '{value.name}' is {_shape(said)}, whose first axis is the batch",
                "export it with a batch of 1, or with a dynamic one",
            )
        for axis, size in zip(axes, [1, *said[1:]], strict=True):
            axis.dim_value = size
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    for node in model.graph.node:  # TensorFlow makes scopes of them, which are not any text
        node.name = re.sub(r"[^A-Za-z0-9_./-]", "_", node.name)


def _fix_type(model: onnx.ModelProto, value: Any) -> None:
    kind = value.type.tensor_type.elem_type
    if kind == _REAL:
        return
    name = onnx.TensorProto.DataType.Name(kind).lower()
    readers = [
        (n, at) for n in model.graph.node for at, read in enumerate(n.input) if read == value.name
    ]
    picks = all(node.op_type in ("Gather", "GatherElements") and at == 1 for node, at in readers)
    if kind in _PICKS and picks:
        value.type.tensor_type.elem_type = onnx.TensorProto.INT32  # the operators take either
        return
    kinds = ", ".join(dict.fromkeys(node.op_type for node, _ in readers))
    raise Refused(
        f"has an input '{value.name}' of {name}",
        f"{kinds or 'nobody'} reads it; inputs are float32, or integers that only a Gather reads",
        "export the model with an input of float32",
    )


def _shape(axes: Sequence[int | None]) -> str:
    return "(" + ", ".join("?" if axis is None else str(axis) for axis in axes) + ")"


def images(model: onnx.ModelProto) -> list[str]:
    """The inputs whose channels come before places, by who reads them."""
    readers: dict[str, list[Any]] = {}
    for node in model.graph.node:
        for name in node.input:
            readers.setdefault(name, []).append(node)
    found = []
    for value in graph_inputs(model):
        rank = len(value.type.tensor_type.shape.dim)
        pending, seen = [value.name], {value.name}
        spatial = False
        while pending:
            for node in readers.get(pending.pop(), ()):
                spatial |= node.op_type in _SPATIAL
                if node.op_type in _FOLLOWED and node.output[0] not in seen:
                    seen.add(node.output[0])
                    pending.append(node.output[0])
        if spatial and rank > 2:
            found.append(value.name)
    return found
