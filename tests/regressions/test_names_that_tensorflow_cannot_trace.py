"""Names with spaces and umlauts, which Keras allows: "is not a valid scope name"."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.regressions.keras_models import keras_module, quantized
from tinygen import passes, tflite
from tinygen.data import read_data
from tinygen.load import load
from tinygen.quantize import quantize


def strange(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input((6, 6, 1), name="mein Eingang ä")
    inner = keras.Sequential([layers.Input((4, 4, 4)), layers.ReLU(name="a b")], name="große Box")
    x = inner(layers.Conv2D(4, 3, name="große Schicht 1")(inputs))
    flat = layers.Flatten(name="(flach)")(x)
    return keras.Model(
        inputs,
        [layers.Dense(3, name="ça va?")(flat), layers.Dense(2, name="日本")(flat)],
        name="ö ö",
    )


def plain(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input((6, 6, 1))
    flat = layers.Flatten()(layers.ReLU()(layers.Conv2D(4, 3)(inputs)))
    return keras.Model(inputs, [layers.Dense(3)(flat), layers.Dense(2)(flat)])


def test_strange_names(tmp_path: Path) -> None:
    keras = keras_module()
    model = strange(keras)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = load(path)
    made = quantize(loaded, read_data("random", loaded.inputs))
    assert loaded.outputs == ("ça va?", "日本")
    names = [layer.name for layer in loaded.model.layers]  # type: ignore[union-attr]
    assert names == [layer.name for layer in model.layers]
    graph = passes.simplify(tflite.read(made.tflite, "model"))
    assert [graph.tensors[i].name for i in graph.outputs] == ["ça va?", "日本"]
    other = plain(keras)
    other.set_weights(model.get_weights())
    other.save(tmp_path / "plain.keras")
    twin = quantized(tmp_path / "plain.keras").tflite
    value = np.arange(36, dtype=np.int8).reshape(1, 6, 6, 1)
    for one, two in zip(run(made.tflite, value), run(twin, value), strict=True):
        assert np.array_equal(one, two)


def run(model: bytes, value: np.ndarray) -> list[np.ndarray]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], value)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]
