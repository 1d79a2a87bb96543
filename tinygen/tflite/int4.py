"""Weights of four bits: a file holds two in a byte, the first one in its lower half."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array
from tinygen.tflite.parse import File, FileTensor

INT4 = "INT4"
"""TFLite's name of the type."""

_WEIGHTS = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "FULLY_CONNECTED": 1}
"""Which input of which operator TensorFlow Lite Micro reads in it."""


def unpacked(raw: FileTensor) -> Array:
    """int8 [shape] of a constant of the type. ValueError where its bytes are not as many."""
    assert raw.data is not None
    elements = int(np.prod(raw.shape, dtype=np.int64))
    if raw.data.size != -(-elements // 2):
        raise ValueError(f"'{raw.name}' has {raw.data.size} bytes for {elements} int4 numbers")
    pairs = raw.data.view(np.int8)
    numbers = np.stack([pairs << 4 >> 4, pairs >> 4], axis=1)  # shifts right keep the sign
    data = numbers.reshape(-1)[:elements].reshape(raw.shape)
    data.flags.writeable = False
    return data


def require_weights(file: File) -> None:
    """Raise UnsupportedModel where something else than weights is int4."""
    for call in file.calls:
        for position, index in enumerate(call.inputs):
            if index < 0 or file.tensors[index].type != INT4:
                continue
            if _WEIGHTS.get(call.kind) != position:
                raise UnsupportedModel(
                    f"'{file.tensors[index].name}', which {call.kind} reads, is int4",
                    why="of int4 are the weights of " + ", ".join(_WEIGHTS) + " alone",
                    next_step="quantize everything else to int8",
                )
