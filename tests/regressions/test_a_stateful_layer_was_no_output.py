"""A stateful GRU whose output is the model's was refused: "type of return operand 0 … doesn't match
function result type", the converter's words for what is assigned and returned at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.quantize.test_recurrent import FEATURES, SAMPLES, require_equal_and_near
from tinygen.data import Dataset
from tinygen.load import load
from tinygen.quantize import quantize


@pytest.mark.parametrize(("layer", "activations"), [("GRU", "int8"), ("LSTM", "int16")])
def test_it_is_one(layer: str, activations: str, tmp_path: Path) -> None:
    import keras

    keras.utils.set_random_seed(3)
    given = keras.Input((1, FEATURES), batch_size=1)
    made: Any = getattr(keras.layers, layer)(8, stateful=True)(given)
    keras.Model(given, made).save(tmp_path / "net.keras")
    loaded = load(tmp_path / "net.keras", unroll=activations == "int16")
    array = np.random.default_rng(4).normal(0, 1, (SAMPLES, 1, FEATURES)).astype(np.float32)
    made = quantize(loaded, Dataset((array,), None, "test", ()), activations=activations)
    require_equal_and_near(made, (array,))
