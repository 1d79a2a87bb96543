"""Tensor names of a converted `.tflite`: layers, not what the converter made of them.

The converter names a tensor after every operation that it fused, with numbers that count up
within a process:
`StatefulPartitionedCall/net/relu/Relu;6012;StatefulPartitionedCall/net/conv/Conv2D`. Only without
those is the same model the same file, and only then do reports and generated code read well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from tinygen import tflite
from tinygen.ir import ABSENT
from tinygen.tflite import File
from tinygen.tflite.write import renamed

_CALL = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")
_COMPUTES = re.compile(r"(Conv2D|depthwise|convolution|MatMul)\d*")
_ROLES = {1: "weights", 2: "bias"}


def with_layer_names(content: bytes, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The same model with inputs and outputs named as given, and other tensors by layer.

    Needs TensorFlow's flatbuffer tools.
    """
    file = tflite.parse(content, "the converted model")
    return renamed(content, _names(file, inputs, outputs))


def _names(file: File, inputs: Sequence[str], outputs: Sequence[str]) -> dict[int, str]:
    """A name for each tensor of the file, none twice."""
    taken: set[str] = set()
    names: dict[int, str] = {}
    for index, name in zip((*file.inputs, *file.outputs), (*inputs, *outputs), strict=True):
        names.setdefault(index, _fresh(name, taken))
    made = [index for call in file.calls for index in call.outputs]
    paths = {index: _layer_path(file.tensors[index].name) for index in made}
    # Every path starts with the model's own name, which says nothing.
    model_names = {path[0] for path in paths.values() if len(path) > 1}
    skip = 1 if len(model_names) == 1 else 0
    for index, path in paths.items():
        if index not in names:
            layer = path[skip:] if len(path) > 1 else path
            short = layer[:-1] if len(layer) > 1 and _COMPUTES.fullmatch(layer[-1]) else layer
            name = "/".join(short)
            names[index] = _fresh("/".join(layer) if name in taken else name, taken)
    # Constants are named after the first layer that uses them. What assigns has no output.
    for call in (call for call in file.calls if call.outputs):
        owner = names[call.outputs[0]]
        for position, index in enumerate(call.inputs):
            if index != ABSENT and index not in names:
                role = _ROLES.get(position, "constant")
                names[index] = _fresh(f"{owner}/{role}", taken)
    for index in range(len(file.tensors)):
        if index not in names:
            names[index] = _fresh("unused", taken)
    return names


def _layer_path(name: str) -> list[str]:
    """The steps of one path in a fused chain: the one that computes, else the first."""
    paths = []
    for part in name.split(";"):
        steps = [step for step in part.split("/") if not _CALL.fullmatch(step)]
        if steps and not (len(steps) == 1 and steps[0].isdigit()):
            paths.append(steps)
    computing = [path for path in paths if _COMPUTES.fullmatch(path[-1])]
    return next(iter(computing or paths), ["tensor"])


def _fresh(name: str, taken: set[str]) -> str:
    fresh, number = name, 1
    while fresh in taken:
        number += 1
        fresh = f"{name}_{number}"
    taken.add(fresh)
    return fresh
