"""What is changed in a Keras model's configuration before it is opened.

Some models cannot become int8 firmware as they were saved, while the same weights in another form
can: half precision, recurrent layers as loops, inputs of integers, sizes that are left open.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import Shape, format_shape
from tinygen.load.keras_config import dictionaries
from tinygen.load.policy import in_float32

_REMEMBER = ("LSTM", "GRU", "SimpleRNN")
"""What may be stateful."""
_RECURRENT = (*_REMEMBER, "RNN")
_PLAIN_LSTM = {
    "activation": "tanh",
    "recurrent_activation": "sigmoid",
    "return_state": False,
}
"""Of which TensorFlow Lite has an operator."""
_NUMBERS = ("uint8", "int8", "int16", "int32", "int64")
_BATCH_SHAPES = ("batch_shape", "batch_input_shape")
"""What an input's shape is called by Keras 3, and by Keras 2."""


def change(config: dict[str, Any], shapes: Mapping[str, Shape], *, unroll: bool) -> tuple[str, ...]:
    """Change `config`; what was done, in words.

    `shapes` are those of inputs without the batch, by their names; the one input of a model may go
    by the name "". With `unroll` no recurrent layer becomes one operator. Raises InputError for a
    name that no input has.
    """
    half = in_float32(config)
    return (
        *((f"{' and '.join(half)} as float32",) if half else ()),
        *_unrolled(config, always=unroll),
        *_input_types(config),
        *_with_shapes(config, shapes),
    )


def types_of_inputs(config: dict[str, Any]) -> dict[str, str]:
    """The types that inputs have in a configuration, by their names."""
    return {
        str(layer["config"].get("name", "")): str(layer["config"].get("dtype", ""))
        for layer in _layers(config)
        if layer["class_name"] == "InputLayer"
    }


def _unrolled(config: dict[str, Any], *, always: bool) -> list[str]:
    """Recurrent layers step by step: the converter makes a loop of them otherwise, which TensorFlow
    Lite quantizes not at all. The weights are the same. A plain LSTM stays as it is and becomes one
    operator; but for one that forgets beside one that does not, because a file does either, and
    where all are `always` unrolled."""
    changed = []
    layers = [each for each in _layers(config) if each["class_name"] in _RECURRENT]
    stateful = any(layer["config"].get("stateful") for layer in layers)
    for layer in layers:
        inner, kind = layer["config"], layer["class_name"]
        name = f"{kind} '{inner.get('name', '')}'"
        one = kind == "LSTM" and all(inner.get(k) == v for k, v in _PLAIN_LSTM.items())
        one = one and bool(inner.get("stateful")) == stateful and not always
        if inner.get("stateful") and kind not in _REMEMBER:
            raise UnsupportedModel(
                f"{name} is stateful, which is not compiled",
                why=f"of recurrent layers {', '.join(_REMEMBER)} remember",
                next_step="use one of these, or make the state an input and an output of the model",
            )
        if inner.get("unroll") is False and one:
            changed.append(f"{name} as one operator")
        elif inner.get("unroll") is False:
            inner["unroll"] = True
            changed.append(f"{name} unrolled")
    return changed


def _input_types(config: dict[str, Any]) -> list[str]:
    """Inputs that only an Embedding reads as int32, as it looks numbers up; other integers as
    float32, as Keras casts them in front of the first computation anyway."""
    readers = _readers(config)
    changed = []
    for layer in _layers(config):
        inner = layer["config"]
        if layer["class_name"] != "InputLayer":
            continue
        picks = readers.get(str(inner.get("name", ""))) == {"Embedding"}
        saved, wanted = inner.get("dtype"), "int32" if picks else "float32"
        if saved != wanted and saved in ("float32", *_NUMBERS):
            changed.append(f"input '{inner.get('name', '')}' of {saved} as {wanted}")
            inner["dtype"] = wanted
    return changed


def _readers(config: dict[str, Any]) -> dict[str, set[str]]:
    """By the name of each layer, inputs too, the classes of the layers that read it."""
    readers: dict[str, set[str]] = {}
    for model in dictionaries(config):
        layers = model.get("layers")
        if not isinstance(layers, list):
            continue
        entries = [layer for layer in layers if isinstance(layer, dict)]
        chained = all(not layer.get("inbound_nodes") for layer in entries)  # a Sequential
        for before, layer in zip([None, *entries], entries, strict=False):
            sources = [before] if chained and before else _names(layer.get("inbound_nodes"))
            for source in sources:
                name = _own_name(source) if isinstance(source, dict) else source
                readers.setdefault(name, set()).add(str(layer.get("class_name")))
    return readers


def _own_name(layer: dict[str, Any]) -> str:
    inner = layer.get("config")
    return str(inner.get("name", "")) if isinstance(inner, dict) else ""


def _names(nodes: Any) -> list[str]:
    """Every text in what a layer is called with, which names the layers before it."""
    pending, found = [nodes], []
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, dict):
            pending.extend(value.values())
    return found


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
