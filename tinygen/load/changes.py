"""What is changed in a Keras model's configuration before it is opened.

Some models cannot become int8 firmware as they were saved, while the same weights in another form
can: half precision, recurrent layers as loops, inputs of integers, sizes that are left open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tinygen.errors import InputError
from tinygen.ir import Shape, format_shape
from tinygen.load.keras_config import dictionaries
from tinygen.load.policy import in_float32

_RECURRENT = ("LSTM", "GRU", "SimpleRNN", "RNN")
_NUMBERS = ("uint8", "int8", "int16", "int32", "int64")
_BATCH_SHAPES = ("batch_shape", "batch_input_shape")
"""What an input's shape is called by Keras 3, and by Keras 2."""


def change(config: dict[str, Any], shapes: Mapping[str, Shape]) -> tuple[str, ...]:
    """Change `config`; what was done, in words.

    `shapes` are those of inputs without the batch, by their names; the one input of a model may go
    by the name "". Raises InputError for a name that no input has.
    """
    half = in_float32(config)
    return (
        *((f"{' and '.join(half)} as float32",) if half else ()),
        *_unrolled(config),
        *_float_inputs(config),
        *_with_shapes(config, shapes),
    )


def _unrolled(config: dict[str, Any]) -> list[str]:
    """Recurrent layers step by step: the converter makes a loop of them otherwise, which TensorFlow
    Lite quantizes not at all. The weights are the same."""
    changed = []
    for layer in _layers(config):
        inner = layer["config"]
        if layer["class_name"] in _RECURRENT and inner.get("unroll") is False:
            inner["unroll"] = True
            changed.append(f"{layer['class_name']} '{inner.get('name', '')}' unrolled")
    return changed


def _float_inputs(config: dict[str, Any]) -> list[str]:
    """Inputs of integers as float32, but where a layer looks numbers up: Keras casts them in front
    of the first computation anyway."""
    if any(layer["class_name"] == "Embedding" for layer in _layers(config)):
        return []
    changed = []
    for layer in _layers(config):
        inner = layer["config"]
        if layer["class_name"] == "InputLayer" and inner.get("dtype") in _NUMBERS:
            changed.append(f"input '{inner.get('name', '')}' of {inner['dtype']} as float32")
            inner["dtype"] = "float32"
    return changed


def _with_shapes(config: dict[str, Any], shapes: Mapping[str, Shape]) -> list[str]:
    """The inputs with the sizes that are given for them."""
    if not shapes:
        return []
    inputs = [
        (layer["config"], key)
        for layer in _layers(config)
        for key in _BATCH_SHAPES
        if isinstance(layer["config"].get(key), list)
    ]
    names = list(dict.fromkeys(str(inner.get("name", "")) for inner, _ in inputs))
    changed = []
    for name, shape in shapes.items():
        asked = name or (names[0] if len(names) == 1 else "")
        found = [(inner, key) for inner, key in inputs if inner.get("name") == asked]
        if not found:
            raise InputError(
                f"--input-shape names the input '{name}'",
                why=f"the model's inputs are {', '.join(names) or 'not in its configuration'}",
                next_step=f"--input-shape {names[0] if names else 'NAME'}=96x96x3, for example",
            )
        for inner, key in found:
            inner[key] = [inner[key][0], *_agreed(asked, inner[key][1:], shape)]
        changed.append(f"input '{asked}' of {format_shape(shape)}")
    for layer in _layers(config):  # what a Sequential was built for
        built = layer.get("build_config")
        if isinstance(built, dict) and isinstance(built.get("input_shape"), list):
            known = [shape for shape in shapes.values() if _fits(built["input_shape"][1:], shape)]
            if len(shapes) == 1 and known and layer.get("class_name") == "Sequential":
                built["input_shape"] = [built["input_shape"][0], *known[0]]
    return changed


def _fits(open_shape: list[Any], shape: Shape) -> bool:
    return len(open_shape) == len(shape) and all(
        axis is None or axis == size for axis, size in zip(open_shape, shape, strict=True)
    )


def _agreed(name: str, saved: list[Any], shape: Shape) -> Shape:
    if not _fits(saved, shape):
        written = "x".join("?" if axis is None else str(axis) for axis in saved)
        raise InputError(
            f"--input-shape gives the input '{name}' {format_shape(shape)}",
            why=f"the model was saved with {written}: only what is open there can be chosen",
            next_step=f"give a shape like {written}",
        )
    return shape


def _layers(config: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every layer's entry, wrapped ones and the model's own too."""
    for value in dictionaries(config):
        if isinstance(value.get("class_name"), str) and isinstance(value.get("config"), dict):
            yield value
