"""What the regressions of Keras models share. Imports TensorFlow inside functions only."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from typing import Any

import pytest

from tinygen.data import read_data
from tinygen.errors import InputError
from tinygen.load import load
from tinygen.quantize import Quantized, quantize


def keras_module(package: str = "keras") -> Any:
    """`keras` or `tf_keras`, without noise, seeded."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = importlib.import_module(package)
    keras.utils.set_random_seed(1)
    return keras


def quantized(path: Path) -> Quantized:
    """The model file, quantized with random data."""
    loaded = load(path)
    return quantize(loaded, read_data("random", loaded.inputs))


def refused(path: Path) -> InputError:
    """The error for a model that cannot be loaded or quantized."""
    with pytest.raises(InputError) as caught:
        quantized(path)
    assert caught.value.exit_code == 2
    assert caught.value.why
    assert "give the Keras model" not in caught.value.next_step
    return caught.value
