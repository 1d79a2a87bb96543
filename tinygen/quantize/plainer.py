"""Layers of Keras that are traced in a plainer form of the same meaning.

Some are written in operations of which TensorFlow Lite Micro, or the converter's int8, has not all:
Keras 3 lets the numbers of an Embedding count from the table's end, and repeats rows and pixels by
TILE or, as Keras 2 does, by a CONCATENATION of every one of them. Keras 2 multiplies by a
comparison where a ReLU has a threshold, and both do for a mask.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tinygen.load import FloatModel
from tinygen.quantize.names import layers_of
from tinygen.quantize.recurrent import fused


@contextlib.contextmanager
def plainer_layers(loaded: FloatModel) -> Iterator[None]:
    """Have those layers of a Keras model compute in their plainer form, within the block."""
    changed = []
    for layer in layers_of(loaded):
        form = _FORMS.get(type(layer).__name__)
        call = None if form is None else form(layer)
        if call is not None:
            vars(layer)["call"] = call
            changed.append(layer)
    try:
        yield
    finally:
        for layer in changed:
            del vars(layer)["call"]


Call = Callable[[Any], Any]


def _embedding(layer: Any) -> Call:
    """Rows by numbers from 0 on; others are refused as inputs of a model."""

    def call(inputs: Any) -> Any:
        import tensorflow

        numbers = tensorflow.cast(inputs, tensorflow.int32)
        return tensorflow.gather(layer.embeddings, numbers)

    return call


def _up_sampling_2d(layer: Any) -> Call | None:
    """Of the nearest pixel: a resize."""
    if layer.interpolation != "nearest" or layer.data_format == "channels_first":
        return None

    def call(inputs: Any) -> Any:
        _, height, width, _ = inputs.shape
        return _nearest(inputs, height * layer.size[0], width * layer.size[1])

    return call


def _up_sampling_1d(layer: Any) -> Call:
    """A resize of an image of one column."""

    def call(inputs: Any) -> Any:
        import tensorflow

        batch, steps, channels = inputs.shape
        size = layer.size if isinstance(layer.size, int) else layer.size[0]
        column = tensorflow.reshape(inputs, (batch, steps, 1, channels))
        return tensorflow.reshape(
            _nearest(column, steps * size, 1), (batch, steps * size, channels)
        )

    return call


def _repeat_vector(layer: Any) -> Call:
    """A broadcast."""

    def call(inputs: Any) -> Any:
        import tensorflow

        batch, width = inputs.shape
        row = tensorflow.reshape(inputs, (batch, 1, width))
        return tensorflow.broadcast_to(row, (batch, layer.n, width))

    return call


def _relu(layer: Any) -> Call | None:
    """Above a threshold that is not zero: the choice of one of two."""
    threshold, slope = float(layer.threshold or 0), float(layer.negative_slope or 0)
    most = layer.max_value
    if threshold == 0:
        return None

    def call(inputs: Any) -> Any:
        import tensorflow

        above = _above(inputs, threshold)
        above = above if most is None else tensorflow.clip_by_value(above, 0.0, float(most))
        return above - slope * tensorflow.nn.relu(threshold - inputs) if slope else above

    return call


def _thresholded_relu(layer: Any) -> Call:
    """The same, as Keras 2 has it for itself."""
    return lambda inputs: _above(inputs, float(layer.theta))


def _above(inputs: Any, threshold: float) -> Any:
    import tensorflow

    return tensorflow.where(inputs > threshold, inputs, 0.0)


def _masking(layer: Any) -> Call | None:
    """Of steps that are zero throughout: they stay zero. Who reads the mask gets it as before."""
    if layer.mask_value != 0:
        return None

    def call(inputs: Any) -> Any:
        import tensorflow

        same = tensorflow.identity(inputs)
        same._keras_mask = layer.compute_mask(inputs)
        return same

    return call


def _nearest(image: Any, height: int, width: int) -> Any:
    import tensorflow

    return tensorflow.image.resize(image, (height, width), method="nearest")


_FORMS: Mapping[str, Callable[[Any], Call | None]] = {
    "Embedding": _embedding,
    "LSTM": fused,
    "Masking": _masking,
    "ReLU": _relu,
    "RepeatVector": _repeat_vector,
    "ThresholdedReLU": _thresholded_relu,
    "UpSampling1D": _up_sampling_1d,
    "UpSampling2D": _up_sampling_2d,
}
