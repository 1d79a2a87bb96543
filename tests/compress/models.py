"""Small Keras models, of every layer that pruning follows channels through."""

from __future__ import annotations

from typing import Any

import numpy as np


def chain() -> Any:
    """A Sequential: convolutions of every kind, a batch normalization, Flatten, Dense."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(6, 3, padding="same", use_bias=False, name="first"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2, name="depthwise"),
            layers.SeparableConv2D(8, 3, depth_multiplier=2, activation="relu", name="separable"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(5, activation="relu", name="hidden"),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax", name="classes"),
        ],
        name="chain",
    )


def branches() -> Any:
    """A functional model: an Add that ties two convolutions, a Concatenate, two kinds of pools."""
    import keras
    from keras import layers

    image = keras.Input((8, 8, 3))
    stem = layers.Conv2D(6, 3, padding="same", activation="relu", name="stem")(image)
    body = layers.Conv2D(4, 1, activation="relu", name="inside")(stem)
    body = layers.Conv2D(6, 3, padding="same", name="body")(body)
    tied = layers.Add(name="tied")([stem, layers.BatchNormalization(name="behind")(body)])
    side = layers.Conv2D(5, 3, strides=2, padding="same", name="side")(tied)
    pooled = layers.AveragePooling2D(2)(tied)
    both = layers.Concatenate()([side, pooled])
    out = layers.GlobalAveragePooling2D()(layers.Activation("relu")(both))
    return keras.Model(image, layers.Dense(4, name="classes")(out), name="branches")


def trained_at_random(model: Any, seed: int = 0) -> Any:
    """The model with weights, statistics too, that no initializer gives."""
    drawn = np.random.default_rng(seed)
    for layer in model.layers:
        made = [drawn.normal(0, 0.5, w.shape).astype(np.float32) for w in layer.get_weights()]
        if type(layer).__name__ == "BatchNormalization":
            made[-1] = np.abs(made[-1]) + 0.5
        layer.set_weights(made)
    return model
