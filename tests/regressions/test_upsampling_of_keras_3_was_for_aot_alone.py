"""UpSampling2D and RepeatVector of Keras 3 were refused by the engine tflm: it has no TILE.

Rows and columns that RESHAPE and TILE repeat are RESIZE_NEAREST_NEIGHBOR, and what is repeated in
dimensions of one is BROADCAST_TO. TFLM runs both, and is their oracle, so the file has them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.ops.network_file import Network
from tests.ops.tflite_file import run_tflm
from tests.regressions.keras_models import keras_module, quantized
from tinygen import tflite
from tinygen.ir import Shape
from tinygen.proof import interpret


def upsampled(factors: tuple[int, int], shape: Shape = (1, 4, 3, 2)) -> bytes:
    """As Keras 3 writes it: rows first, then columns."""
    net = Network()
    _, height, width, channels = shape
    rows, columns = factors
    x = net.call(
        "RESHAPE",
        [net.input(shape), [1, height, 1, width, channels]],
        (1, height, 1, width, channels),
    )
    x = net.call("TILE", [x, [1, 1, rows, 1, 1]], (1, height, rows, width, channels))
    tall = (1, height * rows, width, 1, channels)
    x = net.call("RESHAPE", [x, list(tall)], tall)
    x = net.call("TILE", [x, [1, 1, 1, columns, 1]], (*tall[:3], columns, channels))
    whole = (1, height * rows, width * columns, channels)
    return net.file(net.call("RESHAPE", [x, list(whole)], whole))


@pytest.mark.parametrize("factors", [(2, 2), (3, 2), (7, 5), (1, 41)])
def test_rows_and_columns_repeated_are_an_image_resized(factors: tuple[int, int]) -> None:
    content = upsampled(factors)
    graph = tflite.read(content, "up")
    made = tflite.without_tiles(content, graph)
    assert [node.op.kind for node in tflite.read(made, "up").nodes] == ["RESIZE_NEAREST_NEIGHBOR"]
    image = np.random.default_rng(2).integers(-128, 128, (1, 4, 3, 2)).astype(np.int8)
    (got,) = run_tflm(made, [image])
    assert np.array_equal(got, interpret.run(graph, [image])[graph.outputs[0]])


def test_other_repetition_is_broadcast_or_stays() -> None:
    net = Network()
    source = net.input((1, 3, 1, 4, 2))
    x = net.call("TILE", [source, [2, 1, 3, 1, 1]], (2, 3, 3, 4, 2))
    y = net.call("TILE", [x, [1, 2, 1, 1, 1]], (2, 6, 3, 4, 2))
    content = net.file(y)
    graph = tflite.read(content, "tiles")
    made = tflite.read(tflite.without_tiles(content, graph), "tiles")
    assert [node.op.kind for node in made.nodes] == ["BROADCAST_TO", "TILE"]
    values = np.random.default_rng(2).integers(-128, 128, source.shape).astype(np.int8)
    before, after = (interpret.run(g, [values])[g.outputs[0]] for g in (graph, made))
    assert np.array_equal(before, after)


def test_a_file_without_tiles_stays_as_it_is() -> None:
    net = Network()
    content = net.file(net.call("RELU", [net.input((1, 4))], (1, 4)))
    assert tflite.without_tiles(content, tflite.read(content, "none")) is content


def test_a_keras_model_has_none(tmp_path: Path) -> None:
    keras = keras_module()
    inputs = keras.layers.Input((4, 3, 2))
    image = keras.layers.UpSampling2D(2)(keras.layers.Conv2D(3, 1)(inputs))
    keras.Model(inputs, image).save(tmp_path / "up.keras")
    kinds = [node.op.kind for node in quantized(tmp_path / "up.keras").graph.nodes]
    assert kinds == ["CONV_2D", "RESIZE_NEAREST_NEIGHBOR"]
