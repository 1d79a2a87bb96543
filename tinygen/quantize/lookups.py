"""Embedding layers of Keras 3, traced as the plain lookup that they are.

Keras 3 lets negative numbers count from the table's end, for which TensorFlow Lite has no int8
form; as inputs of a model they are refused.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from tinygen.load import FloatModel
from tinygen.quantize.names import layers_of


@contextlib.contextmanager
def plain_lookups(loaded: FloatModel) -> Iterator[None]:
    """Have each Embedding of a Keras model pick rows by numbers from 0 on, within the block."""
    found = [layer for layer in layers_of(loaded) if type(layer).__name__ == "Embedding"]
    for layer in found:
        vars(layer)["call"] = _lookup(layer)
    try:
        yield
    finally:
        for layer in found:
            del vars(layer)["call"]


def _lookup(layer: Any) -> Any:
    def call(inputs: Any) -> Any:
        import tensorflow

        numbers = tensorflow.cast(inputs, tensorflow.int32)
        return tensorflow.gather(layer.embeddings, numbers)

    return call
