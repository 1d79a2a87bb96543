"""Models of the policies mixed_float16, bfloat16 and float64: "Conv2D is neither a custom op nor a
flex op".

They are opened with the same weights in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.regressions.keras_models import keras_module, quantized, refused
from tinygen.load import KerasModel, load


def set_policy(keras: Any, policy: str) -> None:
    if keras.__name__ == "keras":
        keras.config.set_dtype_policy(policy)
    else:
        keras.mixed_precision.set_global_policy(policy)


POLICIES = {
    "keras": ("mixed_float16", "mixed_bfloat16", "float16", "bfloat16", "float64"),
    "tf_keras": ("mixed_float16", "mixed_bfloat16"),  # in practice
}
WRITTEN = [
    (package, policy, suffix)
    for package, policies in POLICIES.items()
    for policy in policies
    for suffix in (".keras", ".h5")
    if (policy, suffix) != ("bfloat16", ".h5")  # Keras does not write that
]


@pytest.fixture
def restored() -> Iterator[None]:
    yield
    for package in ("keras", "tf_keras"):
        set_policy(keras_module(package), "float32")


def convolutions(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input((6, 6, 1), dtype="float32")
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, activation="relu")(inputs))
    x = layers.Concatenate()([x, layers.Activation("tanh")(x)])
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(x)))


@pytest.mark.usefixtures("restored")
@pytest.mark.parametrize(("package", "policy", "suffix"), WRITTEN)
def test_policies(tmp_path: Path, package: str, policy: str, suffix: str) -> None:
    keras = keras_module(package)
    set_policy(keras, policy)
    model = convolutions(keras)
    path = tmp_path / f"model{suffix}"
    model.save(path)
    before = [np.asarray(weight, np.float32) for weight in model.get_weights()]
    loaded = load(path)
    assert f"{policy} as float32" in loaded.loader
    assert isinstance(loaded, KerasModel)
    after = loaded.model
    assert all(weight.dtype == np.float32 for weight in after.get_weights())
    for old, new in zip(before, after.get_weights(), strict=True):
        assert np.array_equal(old, new)
    set_policy(keras, "float32")
    assert quantized(path).tflite


@pytest.mark.usefixtures("restored")
def test_a_saved_model_in_half_precision_says_what_to_save(tmp_path: Path) -> None:
    keras = keras_module()
    set_policy(keras, "mixed_float16")
    convolutions(keras).export(str(tmp_path / "model"), verbose=False)
    error = refused(tmp_path / "model")
    assert "float16" in error.why
    assert ".keras" in error.next_step


def test_a_layer_that_is_named_like_a_policy_keeps_its_name(tmp_path: Path) -> None:
    keras = keras_module()
    inputs = keras.layers.Input((8,))
    x = keras.layers.Dense(4, name="float16")(inputs)
    keras.Model(inputs, keras.layers.Dense(3)(x)).save(tmp_path / "model.keras")
    loaded = load(tmp_path / "model.keras")
    assert "float32" not in loaded.loader
    assert quantized(tmp_path / "model.keras").tflite


def test_the_case(cases: Path) -> None:
    assert quantized(cases / "k3_mixed.keras").tflite
