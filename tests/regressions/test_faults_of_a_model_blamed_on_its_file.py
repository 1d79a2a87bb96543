"""NaN weights, a model that computes nothing and a layer without an int8 form were "damaged".

Or the advice was "give the Keras model instead", which had been given. The layer is named now.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.regressions.keras_models import keras_module, refused
from tinygen.errors import UnsupportedModel


def convolution(keras: Any, *layers: Any) -> Any:
    return keras.Sequential(
        [keras.layers.Input((6, 6, 1)), keras.layers.Conv2D(4, 3, name="first"), *layers]
    )


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite(tmp_path: Path, package: str, value: float) -> None:
    keras = keras_module(package)
    model = convolution(keras, keras.layers.Flatten(), keras.layers.Dense(3, name="bad"))
    kernel, bias = model.layers[-1].get_weights()
    kernel[5, 1] = value
    model.layers[-1].set_weights([kernel, bias])
    for name in ("model.keras", "model.h5"):
        path = tmp_path / name
        model.save(path)
        error = refused(path)
        assert "not finite" in error.what
        kind = "NaN" if np.isnan(value) else "infinite"
        assert f"layer 'bad': 1 of 192 values of its kernel are {kind}" in error.why


def test_weights_of_a_saved_model_that_are_not_finite(tmp_path: Path) -> None:
    keras = keras_module()
    model = convolution(keras, keras.layers.Flatten(), keras.layers.Dense(3, name="bad"))
    kernel, bias = model.layers[-1].get_weights()
    bias[0] = np.nan
    model.layers[-1].set_weights([kernel, bias])
    model.export(str(tmp_path / "model"), verbose=False)
    assert "layer 'bad': 1 of 3 values of its bias are NaN" in refused(tmp_path / "model").why


def test_a_layer_whose_values_are_too_large(tmp_path: Path) -> None:
    """TensorFlow Lite clamps its sums to the largest float there is."""
    keras = keras_module("keras")
    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dense(4, name="large"), keras.layers.Dense(3)]
    )
    kernel, bias = model.get_layer("large").get_weights()
    model.get_layer("large").set_weights([np.full_like(kernel, 2e38), bias])
    model.save(str(tmp_path / "large.keras"))
    error = refused(tmp_path / "large.keras")
    assert "'large' gives" in error.why


def test_a_layer_whose_values_are_not_finite(tmp_path: Path) -> None:
    keras = keras_module()
    model = convolution(keras, keras.layers.ReLU(), keras.layers.BatchNormalization(name="norm"))
    gamma, beta, mean, variance = model.layers[-1].get_weights()
    model.layers[-1].set_weights([gamma, beta, mean, variance - 5])
    model.save(tmp_path / "model.keras")
    error = refused(tmp_path / "model.keras")
    assert "layer 'norm' gives NaN, infinity or a number" in error.why


@pytest.mark.parametrize("layer", ["Identity", "Dropout"])
def test_a_model_that_computes_nothing(tmp_path: Path, layer: str) -> None:
    keras = keras_module()
    idle = keras.layers.Dropout(0.5) if layer == "Dropout" else keras.layers.Identity()
    keras.Sequential([keras.layers.Input((8,)), idle]).save(tmp_path / "model.keras")
    error = refused(tmp_path / "model.keras")
    assert "computes nothing" in error.what
    assert "the output is the input" in error.why


def test_a_layer_without_an_int8_form(tmp_path: Path) -> None:
    keras = keras_module()
    sparse = keras.layers.Activation("sparsemax", name="großer Teil")
    model = convolution(keras, sparse, keras.layers.Flatten(), keras.layers.Dense(3))
    model.save(tmp_path / "model.keras")
    error = refused(tmp_path / "model.keras")
    assert isinstance(error, UnsupportedModel)
    assert "layer 'großer Teil' (Activation, layer 3 of 5) needs TOPK_V2: give all" in error.why
    assert "train again" in error.next_step


def test_a_layer_that_tensorflow_lite_does_not_have(tmp_path: Path) -> None:
    keras = keras_module()
    inputs = keras.layers.Input((6, 6, 1))
    outputs = keras.ops.sinh(keras.layers.Conv2D(4, 3)(inputs))
    keras.Model(inputs, outputs).save(tmp_path / "model.keras")
    error = refused(tmp_path / "model.keras")
    assert isinstance(error, UnsupportedModel)
    assert "computes Sinh" in error.why


def test_a_layer_of_any_size_takes_no_memory(tmp_path: Path) -> None:
    """A configuration of a few bytes asked for 400 GB, and got what there was."""
    keras = keras_module()
    model = keras.Sequential([keras.layers.Input((8,)), keras.layers.Dense(7, name="large")])
    model.save(tmp_path / "model.keras")
    changed = tmp_path / "changed.keras"
    with zipfile.ZipFile(tmp_path / "model.keras") as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                config["config"]["layers"][1]["config"]["units"] = 50_000_000
                content = json.dumps(config).encode()
            new.writestr(name, content)
    error = refused(changed)
    assert "OOM" in error.why or "memory" in error.why


def test_the_cases(cases: Path) -> None:
    assert "layer 'dense_44'" in refused(cases / "k3_nanw.keras").why
