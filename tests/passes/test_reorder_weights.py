"""Weights take the order of the data: no TRANSPOSE is left before a FULLY_CONNECTED, and a
convolution of one channel is one."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.harness import int8
from tests.ops.network_file import Network
from tinygen import passes, tflite
from tinygen.ir import Graph
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.reshape import SameBytes
from tinygen.proof import interpret

RNG = np.random.default_rng(11)
UNITS = 5
SCALES = tuple(0.01 * (1 + k) for k in range(UNITS))


def kinds(graph: Graph) -> list[str]:
    return [node.op.kind for node in graph.nodes if not isinstance(node.op, SameBytes)]


def same(before: Graph, after: Graph) -> None:
    (source,) = before.inputs
    for _ in range(20):
        image = RNG.integers(-128, 128, before.tensors[source].shape).astype(np.int8)
        values = [interpret.run(graph, [image])[graph.outputs[0]] for graph in (before, after)]
        assert np.array_equal(values[0], values[1])


def behind_a_transpose(order: list[int], shape: tuple[int, ...], *, per_channel: bool) -> Graph:
    net = Network()
    image = net.input(shape)
    turned = net.call("TRANSPOSE", [image, order], tuple(shape[axis] for axis in order))
    depth = int(np.prod(shape))
    flat = net.call("RESHAPE", [turned, [1, depth]], (1, depth))
    data = RNG.integers(-127, 128, (UNITS, depth))
    weights = int8(data=data, scale=SCALES if per_channel else 0.02, axis=0)
    out = net.call("FULLY_CONNECTED", [flat, weights], (1, UNITS), (0.3, 4), keepNumDims=False)
    return passes.simplify(tflite.read(net.file(out), "turned"))


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize(
    ("order", "shape"),
    [([0, 3, 1, 2], (1, 4, 5, 3)), ([0, 2, 1], (1, 6, 7)), ([2, 0, 3, 1], (1, 3, 4, 5))],
)
def test_the_columns_take_the_images_order(
    order: list[int], shape: tuple[int, ...], per_channel: bool
) -> None:
    before = behind_a_transpose(order, shape, per_channel=per_channel)
    assert "TRANSPOSE" in kinds(before)
    after = passes.optimize(before)
    assert kinds(after) == ["FULLY_CONNECTED"]
    same(before, after)


def test_several_rows_keep_their_order() -> None:
    """Each row is a column of the image: no order of the weights gives that."""
    net = Network()
    image = net.input((1, 4, 6))
    turned = net.call("TRANSPOSE", [image, [0, 2, 1]], (1, 6, 4))
    weights = int8(data=RNG.integers(-127, 128, (3, 4)), scale=0.02)
    out = net.call("FULLY_CONNECTED", [turned, weights], (6, 3), (0.3, 4), keepNumDims=False)
    graph = passes.simplify(tflite.read(net.file(out), "rows"))
    after = passes.optimize(graph)
    assert kinds(after) == ["TRANSPOSE", "FULLY_CONNECTED"]
    assert any(isinstance(node.op, FullyConnected) for node in after.nodes)
    same(graph, after)


@pytest.mark.parametrize(("channels", "kind"), [(1, "CONV_2D"), (2, "DEPTHWISE_CONV_2D")])
def test_of_one_channel_it_is_a_convolution(channels: int, kind: str) -> None:
    net = Network()
    image = net.input((1, 7, 8, channels))
    count = 6
    scales = tuple(0.01 * (1 + k) for k in range(count))
    weights = int8(data=RNG.integers(-127, 128, (1, 3, 3, count)), scale=scales, axis=3)
    out = net.call(
        "DEPTHWISE_CONV_2D", [image, weights], (1, 4, 4, count), (0.3, 4), padding=0, strideH=2,
        strideW=2, dilationHFactor=1, dilationWFactor=1, depthMultiplier=count // channels,
    )  # fmt: skip
    graph = passes.simplify(tflite.read(net.file(out), "one"))
    after = passes.optimize(graph)
    assert kinds(after) == [kind]
    assert isinstance(after.nodes[0].op, Conv2D) == (channels == 1)
    same(graph, after)
