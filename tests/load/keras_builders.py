"""Small models, built with either Keras. Imports TensorFlow: use from fixtures only."""

from __future__ import annotations

import importlib
import os
from typing import Any


def keras_module(package: str) -> Any:
    """`keras` or `tf_keras`, without noise."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    return importlib.import_module(package)


def small_cnn(keras: Any) -> Any:
    """8x8x1 -> 3 classes, with BatchNormalization and Dropout."""
    layers = keras.layers
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            layers.Input((8, 8, 1), name="image"),
            layers.Conv2D(4, 3, padding="same"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Dropout(0.3),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="classes"),
        ]
    )


def lambda_model(keras: Any, marker: str) -> Any:
    """A model whose Lambda layer creates the file `marker` when it runs."""
    layers = keras.layers

    # Byte code alone is stored in the file: the path has to be one of its constants.
    leave_mark = eval(f"lambda x: (open({marker!r}, 'w').close(), x * 2.0)[1]")
    inputs = layers.Input((4,))
    return keras.Model(inputs, layers.Lambda(leave_mark, name="sneaky", output_shape=(4,))(inputs))
