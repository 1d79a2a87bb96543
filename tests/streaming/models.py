"""Networks over time windows as files, and what becomes of them."""

from __future__ import annotations

import numpy as np

from tests.ops.network_file import Network
from tests.ops.tflite_file import tensor
from tinygen import passes, tflite
from tinygen.ir import DType, Int8Model
from tinygen.streaming import Followed, follow, streamed
from tinygen.tflite.rewritten import with_graph


def batch_and_stream(
    content: bytes, hop: int | None = None
) -> tuple[Int8Model, Int8Model, Followed]:
    """The model of a file, and the stream that it becomes, both as files are."""
    written = tflite.read(content, "window")
    followed = follow(passes.fold_constants(written), None, hop)
    made = streamed(followed)
    places = {
        id(node): place
        for node, place in zip(written.nodes, tflite.places(tflite.parse(content, "")), strict=True)
    }
    origins = [None if node is None else places[id(node)] for node in made.origins]
    file = with_graph(content, made.graph, origins)
    stream = tflite.read(file, "stream")
    batch = Int8Model(content, written, passes.simplify(written))
    return batch, Int8Model(file, stream, passes.simplify(stream)), followed


def spotter(rows: int, *, stride: int = 1, features: int = 8, channels: int = 8) -> bytes:
    """Convolutions over time without padding, their mean, and four classes."""
    rng = np.random.default_rng(rows)
    net = Network()
    now, quant = net.input((1, rows, 1, features), (0.1, 3)), (0.1, 3)
    for number in range(3):
        step, depth = (stride if number == 0 else 1), now.shape[3]
        weights = tensor(
            (channels, 3, 1, depth),
            scale=0.01,
            data=rng.integers(-127, 128, (channels, 3, 1, depth)),
        )
        bias = tensor(
            (channels,),
            DType.INT32,
            scale=quant[0] * 0.01,
            data=rng.integers(-900, 900, channels),
        )
        rows, quant = (rows - 3) // step + 1, (0.05, -128)
        now = net.call(
            "CONV_2D",
            [now, weights, bias],
            (1, rows, 1, channels),
            quant,
            padding=1,
            strideH=step,
            strideW=1,
            dilationHFactor=1,
            dilationWFactor=1,
            fusedActivationFunction=1,
        )
    mean = net.call("MEAN", [now, [1, 2]], (1, channels), (0.05, -128))
    weights = tensor((4, channels), scale=0.01, data=rng.integers(-127, 128, (4, channels)))
    dense = net.call("FULLY_CONNECTED", [mean, weights], (1, 4), (0.02, 4))
    return net.file(net.call("SOFTMAX", [dense], (1, 4), (1 / 256, -128), beta=1.0))
