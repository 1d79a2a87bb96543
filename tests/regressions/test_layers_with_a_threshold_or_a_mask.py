"""A ReLU with a threshold and a Masking layer of Keras 2 were refused, whoever read the mask. What
is traced in a plainer form computes what Keras computes; a mask that is read is never lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.regressions.keras_models import keras_module, quantized
from tinygen.errors import UnsupportedModel
from tinygen.proof.oracle import float_outputs

LAYERS: dict[str, Callable[[Any], list[Any]]] = {
    "threshold": lambda ls: [ls.ReLU(threshold=0.3)],
    "all": lambda ls: [ls.ReLU(max_value=0.6, threshold=0.3, negative_slope=0.2)],
    "mask": lambda ls: [ls.Masking(), ls.Conv1D(3, 2)],
}


@pytest.mark.parametrize("package", ["tf_keras", "keras"])
@pytest.mark.parametrize("name", LAYERS)
def test_it_computes_what_keras_computes(package: str, name: str, tmp_path: Path) -> None:
    keras = keras_module(package)
    model = keras.Sequential([keras.layers.Input((6, 4)), *LAYERS[name](keras.layers)])
    model.save(str(tmp_path / "m.keras"))
    samples = np.random.default_rng(3).uniform(-1, 1, (4, 6, 4)).astype(np.float32)
    samples[:, 2:4] = 0
    made = quantized(tmp_path / "m.keras")
    (given,) = float_outputs(made.float_tflite, [samples[:, None]])
    expected = model.predict(samples, verbose=0)
    np.testing.assert_allclose(given.reshape(expected.shape), expected, atol=1e-6)


@pytest.mark.parametrize("package", ["tf_keras", "keras"])
def test_a_mask_that_is_read_is_not_lost(package: str, tmp_path: Path) -> None:
    keras = keras_module(package)
    ls = keras.layers
    keras.Sequential([ls.Input((6, 4)), ls.Masking(), ls.LSTM(3)]).save(str(tmp_path / "m.keras"))
    with pytest.raises(UnsupportedModel, match="does not compile") as caught:
        quantized(tmp_path / "m.keras")
    assert "train without a mask" in caught.value.why
