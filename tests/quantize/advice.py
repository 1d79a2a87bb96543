"""Models that are refused, each with what follows the advice that is given: all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygen.quantize import remedies

Save = Callable[[Any, Path], Path]
"""`keras`, a folder -> the file or folder of a model there."""
_VOLUME, _SOUND, _ROW = (4, 6, 6, 2), (6, 4), (5,)


@dataclass(frozen=True)
class Tried:
    """A piece of advice, a model that gets it, and each way that the advice has."""

    advice: str
    refused: Save
    mended: tuple[Save, ...]


def _stack(shape: tuple[int, ...], *layers: Callable[[Any], Any]) -> Save:
    def save(keras: Any, folder: Path) -> Path:
        made = [make(keras.layers) for make in layers]
        path = folder / "model.keras"
        keras.Sequential([keras.layers.Input(shape), *made]).save(str(path))
        return path

    return save


def _behind_dense(body: Callable[[Any, Any], Any]) -> Save:
    def save(keras: Any, folder: Path) -> Path:
        inputs = keras.layers.Input(_ROW)
        path = folder / "model.keras"
        keras.Model(inputs, body(keras, keras.layers.Dense(4)(inputs))).save(str(path))
        return path

    return save


def _function(body: Callable[[Any, Any, Any], Any]) -> Save:
    """A SavedModel of boxes and scores."""

    def save(_: Any, folder: Path) -> Path:
        import tensorflow

        shapes = [tensorflow.TensorSpec((1, 6, 4)), tensorflow.TensorSpec((1, 6))]
        module = tensorflow.Module()
        module.serve = tensorflow.function(
            lambda boxes, scores: {"found": body(tensorflow, 2.0 * boxes, 2.0 * scores)},
            input_signature=shapes,
        )
        tensorflow.saved_model.save(module, str(folder / "saved"), signatures=module.serve)
        return folder / "saved"

    return save


def _suppressed(tensorflow: Any, boxes: Any, scores: Any) -> Any:
    kept = tensorflow.image.non_max_suppression(boxes[0], scores[0], 3)
    return tensorflow.gather(boxes[0], kept)[None]


def _activation(name: str) -> Save:
    return _behind_dense(lambda keras, x: keras.layers.Activation(name)(x))


TRIED = (
    Tried(
        remedies.THIRD,
        _stack(_VOLUME, lambda ls: ls.Conv3D(3, 3)),
        (
            _stack(
                _VOLUME,
                lambda ls: ls.Permute((2, 3, 1, 4)),
                lambda ls: ls.Reshape((6, 6, 8)),
                lambda ls: ls.Conv2D(3, 3),
            ),
            _stack(_VOLUME, lambda ls: ls.TimeDistributed(ls.Conv2D(3, 3))),
        ),
    ),
    Tried(
        remedies.BEFORE,
        _stack(
            _ROW, lambda ls: ls.Discretization(bin_boundaries=[0.0, 1.0], output_mode="one_hot")
        ),
        (_stack((5, 3), lambda ls: ls.Flatten(), lambda ls: ls.Dense(3)),),
    ),
    Tried(
        remedies.MASK,
        _stack(_SOUND, lambda ls: ls.Masking(), lambda ls: ls.LSTM(3)),
        (_stack(_SOUND, lambda ls: ls.LSTM(3)),),
    ),
    Tried(
        remedies.COMPARE,
        _behind_dense(lambda _, x: x > 0.0),
        (_behind_dense(lambda _, x: x), _activation("relu")),
    ),
    Tried(
        remedies.SORT,
        _behind_dense(lambda keras, x: keras.ops.top_k(x, 2)),
        (_behind_dense(lambda _, x: x),),
    ),
    Tried(
        remedies.PICK,
        _function(lambda tf, boxes, scores: tf.cast(tf.where(scores > boxes[..., 0]), tf.float32)),
        (_function(lambda tf, boxes, scores: tf.concat([boxes, scores[..., None]], 2)),),
    ),
    Tried(
        remedies.SUPPRESS,
        _function(_suppressed),
        (_function(lambda tf, boxes, scores: tf.concat([boxes, scores[..., None]], 2)),),
    ),
    Tried(
        remedies.OTHERWISE,
        _behind_dense(lambda keras, x: keras.ops.erfinv(x)),
        tuple(map(_activation, remedies.ACTIVATIONS)),
    ),
)
