"""What a model of the coverage is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

KERAS_2, KERAS_3, FILE = "tf_keras", "keras", "file"
BOTH = (KERAS_2, KERAS_3)

Build = Callable[[Any], Any]
"""A Keras package -> a model; of a file, nothing -> its bytes."""


@dataclass(frozen=True)
class Kind:
    """A small model that stands for those which people have.

    `packages` are the Keras packages that have its layers, or FILE.
    """

    group: str
    name: str
    build: Build
    packages: tuple[str, ...] = BOTH


def stack(shape: tuple[int, ...], *layers: Callable[[Any], Any]) -> Build:
    """A Sequential: each of `layers` makes one of the package's `layers`."""

    def build(keras: Any) -> Any:
        made = [make(keras.layers) for make in layers]
        return keras.Sequential([keras.layers.Input(shape, name="signal"), *made])

    return build


def graph(*shapes: tuple[int, ...]) -> Callable[[Callable[..., Any]], Build]:
    """A functional model of a function that takes the package and its inputs, of these shapes."""

    def wrap(body: Callable[..., Any]) -> Build:
        def build(keras: Any) -> Any:
            names = ("first", "second", "third")
            inputs = [
                keras.layers.Input(shape, name=name)
                for shape, name in zip(shapes, names, strict=False)
            ]
            return keras.Model(inputs if len(inputs) > 1 else inputs[0], body(keras, *inputs))

        return build

    return wrap
