"""A model whose last layer had only zeros before its softmax was told to replace the softmax."""

from __future__ import annotations

from pathlib import Path

import pytest

import tinygen
from tests.regressions.keras_models import keras_module
from tinygen.errors import UnsupportedModel


@pytest.mark.parametrize("activation", ["softmax", "sigmoid"])
def test_it_is_asked_whether_it_is_trained(activation: str, tmp_path: Path) -> None:
    keras = keras_module()
    layer = keras.layers.Dense(3, kernel_initializer="zeros", activation=activation)
    path, out = tmp_path / "zeros.keras", tmp_path / "out"
    keras.Sequential([keras.layers.Input((4,)), layer]).save(str(path))
    if activation == "softmax":  # TFLM has no numbers for it
        with pytest.raises(UnsupportedModel, match="computes nothing in layer") as caught:
            tinygen.generate(path, board="qemu-cortex-m4", data="random", out=out)
        said = caught.value.next_step
    else:
        made = tinygen.generate(path, board="qemu-cortex-m4", data="random", out=out)
        said = made.warnings[-1]
    assert "is the model trained?" in said
