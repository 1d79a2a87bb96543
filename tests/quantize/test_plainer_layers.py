"""Layers that are traced in a plainer form: the float model computes what Keras computes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.quantize.test_quantize_models import keras_module, run
from tinygen import tflite
from tinygen.data import read_data
from tinygen.load import KerasModel, load
from tinygen.quantize import quantize


def _net(keras: Any) -> Any:
    """Words, a row and an image, each through what is traced otherwise."""
    layers = keras.layers
    words = layers.Input((6,), dtype="int32", name="words")
    row = layers.Input((4,), name="row")
    image = layers.Input((3, 4, 2), name="image")
    found = layers.UpSampling1D(3)(layers.Embedding(20, 5)(words))
    again = layers.RepeatVector(3)(row)
    large = layers.UpSampling2D((2, 3))(image)
    inner = keras.Sequential([layers.Input((6, 12, 2)), layers.UpSampling2D(2)], name="inner")
    return keras.Model([words, row, image], [found, again, large, inner(large)])


@pytest.mark.parametrize("package", ["keras", "tf_keras"])
def test_they_mean_the_same(tmp_path: Path, package: str) -> None:
    keras = keras_module(package)
    path = tmp_path / "net.keras"
    _net(keras).save(str(path))
    loaded = load(path)
    assert isinstance(loaded, KerasModel)
    data = read_data("random", loaded.inputs)
    made = quantize(loaded, data)
    few = tuple(
        array[:8].astype(edge.dtype.numpy)
        for array, edge in zip(data.inputs, loaded.inputs, strict=True)
    )
    expected = [np.asarray(value) for value in loaded.model(list(few), training=False)]
    for left, right in zip(expected, run(made.float_tflite, few), strict=True):
        np.testing.assert_allclose(left, right, atol=1e-5)
    kinds = {call.kind for call in tflite.parse(made.tflite, "net").calls}
    assert not kinds & {"TILE", "SELECT_V2", "LESS", "SPLIT"}, kinds
