"""Ten models that are refused, and why they are: what tests/quantize/refused.txt has as text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def three_dimensions(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((6, 6, 6, 2)),
            layers.Conv3D(3, 3, name="cube"),
            layers.MaxPooling3D(name="smaller"),
        ]
    )


def masked(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((8, 3)), layers.Masking(name="gaps"), layers.LSTM(4, name="memory")]
    )


def several_at_once(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input((8, 8, 8, 1), name="volume")
    x = layers.Conv3D(2, 3, name="first")(inputs)
    x = layers.Conv3D(2, 3, name="second")(x)
    return keras.Model(inputs, layers.UpSampling3D(name="third")(x))


def error_function(keras: Any) -> Any:
    inputs = keras.layers.Input((4,), name="row")
    return keras.Model(inputs, keras.ops.erfinv(keras.layers.Dense(4, name="dense")(inputs)))


def sorted_scores(keras: Any) -> Any:
    inputs = keras.layers.Input((9,), name="scores")
    return keras.Model(inputs, keras.ops.top_k(inputs, 3))


def computes_nothing(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential([layers.Input((4,), name="row"), layers.Dropout(0.5, name="drop")])


def frames_in_time(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [layers.Input((4, 6, 6, 6, 1), name="frames"), layers.ConvLSTM3D(2, 3, name="both")]
    )


def any_size(keras: Any) -> Any:
    layers = keras.layers
    inputs = layers.Input((None, None, 3), name="photo")
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(layers.Conv2D(3, 3)(inputs)))


def not_finite(keras: Any) -> Any:
    layers = keras.layers
    infinite = keras.initializers.Constant(float("inf"))
    layer = layers.Dense(3, kernel_initializer=infinite, name="broken")
    return keras.Sequential([layers.Input((4,), name="row"), layer])


def binned(keras: Any) -> Any:
    layers = keras.layers
    bins = layers.Discretization(bin_boundaries=[0.0, 1.0], output_mode="one_hot", name="bins")
    return keras.Sequential([layers.Input((1,), name="age"), bins, layers.Dense(2)])


REFUSED: tuple[tuple[Callable[[Any], Any], str], ...] = (
    (three_dimensions, "keras"),
    (masked, "keras"),
    (several_at_once, "tf_keras"),
    (error_function, "keras"),
    (sorted_scores, "keras"),
    (computes_nothing, "tf_keras"),
    (frames_in_time, "keras"),
    (any_size, "keras"),
    (not_finite, "tf_keras"),
    (binned, "keras"),
)
"""Each with the package that it is made with."""
