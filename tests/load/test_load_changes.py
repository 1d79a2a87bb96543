"""What is changed in a Keras file so that it becomes int8 firmware, with the same weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.load.keras_builders import keras_module
from tinygen.errors import InputError
from tinygen.load import KerasModel, load
from tinygen.options import ModelOptions

FILES = [(package, suffix) for package in ("keras", "tf_keras") for suffix in (".keras", ".h5")]
each_file = pytest.mark.parametrize(("package", "suffix"), FILES)


def saved(make: Any, package: str, suffix: str, folder: Path) -> tuple[Any, Path]:
    keras = keras_module(package)
    keras.utils.set_random_seed(3)
    model = make(keras)
    model.save(folder / f"model{suffix}")
    return model, folder / f"model{suffix}"


def open_images(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input((None, None, 3), name="image")
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3)(inputs))
    return keras.Model(inputs, layers.Dense(2)(pooled))


def recurrent(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((6, 3)),
            layers.GRU(3, return_sequences=True),
            layers.Bidirectional(layers.LSTM(4)),
            layers.Dense(2),
        ]
    )


def bytes_in(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input((4, 4, 3), dtype="uint8")
    return keras.Model(inputs, layers.Flatten()(layers.Rescaling(1 / 255)(inputs)))


@each_file
def test_recurrent_layers_are_unrolled(package: str, suffix: str, tmp_path: Path) -> None:
    model, path = saved(recurrent, package, suffix, tmp_path)
    loaded = load(path)
    assert "LSTM '" in loaded.loader
    assert "GRU '" in loaded.loader
    assert isinstance(loaded, KerasModel)
    sample = np.random.default_rng(0).normal(size=(1, 6, 3)).astype(np.float32)
    np.testing.assert_allclose(loaded.model(sample), model(sample), atol=1e-6)


@each_file
def test_inputs_of_bytes_become_float(package: str, suffix: str, tmp_path: Path) -> None:
    model, path = saved(bytes_in, package, suffix, tmp_path)
    loaded = load(path)
    assert "of uint8 as float32" in loaded.loader
    assert isinstance(loaded, KerasModel)
    sample = np.random.default_rng(0).integers(0, 256, (1, 4, 4, 3)).astype(np.float32)
    np.testing.assert_allclose(loaded.model(sample), model(sample.astype(np.uint8)), rtol=1e-6)


@each_file
def test_an_open_size_is_chosen(package: str, suffix: str, tmp_path: Path) -> None:
    model, path = saved(open_images, package, suffix, tmp_path)
    with pytest.raises(InputError, match="no fixed shape") as caught:
        load(path)
    assert "--input-shape 96x96x3" in caught.value.next_step
    for name in ("", "image"):
        loaded = load(path, shapes={name: (8, 9, 3)})
        assert loaded.inputs[0].shape == (1, 8, 9, 3)
    assert isinstance(loaded, KerasModel)
    sample = np.random.default_rng(0).normal(size=(1, 8, 9, 3)).astype(np.float32)
    np.testing.assert_allclose(loaded.model(sample), model(sample), atol=1e-6)


@pytest.mark.parametrize(
    ("shapes", "what"),
    [
        ({"sound": (8, 8, 3)}, "names the input 'sound'"),
        ({"": (8, 8, 1)}, "gives the input 'image' 8x8x1"),
        ({"": (8, 8)}, "gives the input 'image' 8x8"),
    ],
)
def test_sizes_that_do_not_fit(shapes: dict[str, Any], what: str, tmp_path: Path) -> None:
    _, path = saved(open_images, "keras", ".keras", tmp_path)
    with pytest.raises(InputError, match=what) as caught:
        load(path, shapes=shapes)
    assert caught.value.why
    assert "give a shape like" in caught.value.next_step or "=" in caught.value.next_step


@pytest.mark.parametrize("text", ["", "8x", "axb", "0x3", "8x8x8x8x8x8x8", "-1", "a=", "8,8"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InputError, match="--input-shape is"):
        ModelOptions(input_shape=(text,))


def test_sizes_by_name() -> None:
    options = ModelOptions(input_shape=("image=96x96x3", "sound=16000"))
    assert options.input_shapes == {"image": (96, 96, 3), "sound": (16000,)}


def test_sizes_are_for_keras_files(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"\0\0\0\0TFL3")
    with pytest.raises(InputError, match="--input-shape was given"):
        load(tmp_path / "model.tflite", shapes={"": (8, 8, 3)})
