"""Dilated convolutions of files with an open batch are one convolution again."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.harness import int8
from tests.ops.network_file import Network
from tinygen import passes, tflite
from tinygen.ir import Graph
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.spatial import Border
from tinygen.proof import interpret

RNG = np.random.default_rng(8)


def spread(border: list[list[int]], crops: list[list[int]], strides: int = 1) -> Graph:
    """Of an image of 6x5x3 in blocks of 2x3, under a window of 2x2."""
    net = Network()
    block, image = [2, 3], net.input((1, 6, 5, 3))
    parts = [(6 + sum(border[0])) // 2, (5 + sum(border[1])) // 3]
    small = net.call("SPACE_TO_BATCH_ND", [image, block, border], (6, *parts, 3))
    weights = int8(data=RNG.integers(-128, 128, (4, 2, 2, 3)), scale=0.01)
    made = [(p - 2) // strides + 1 for p in parts]
    rows = net.call(
        "CONV_2D", [small, weights], (6, *made, 4), (0.3, 4), padding=1, strideH=strides,
        strideW=strides, dilationHFactor=1, dilationWFactor=1,
    )  # fmt: skip
    whole = [m * b - sum(c) for m, b, c in zip(made, block, crops, strict=True)]
    out = net.call("BATCH_TO_SPACE_ND", [rows, block, crops], (1, *whole, 4), (0.3, 4))
    return passes.simplify(tflite.read(net.file(out), "spread"))


def test_it_is_one_convolution() -> None:
    before = spread([[1, 1], [2, 2]], [[0, 0], [1, 2]])
    after = passes.optimize(before)
    (node,) = after.nodes
    assert isinstance(node.op, Conv2D)
    assert (node.op.dilation_height, node.op.dilation_width) == (2, 3)
    assert node.op.padding == Border(1, 1, 1, 0)
    image = RNG.integers(-128, 128, (1, 6, 5, 3)).astype(np.int8)
    values = [interpret.run(graph, [image])[graph.outputs[0]] for graph in (before, after)]
    assert np.array_equal(values[0], values[1])


@pytest.mark.parametrize(
    "graph",
    [spread([[0, 2], [0, 1]], [[1, 0], [0, 0]]), spread([[1, 1], [2, 2]], [[0, 0], [0, 0]], 2)],
    ids=["more is cut off than was added", "strides"],
)
def test_what_is_no_dilation_stays(graph: Graph) -> None:
    kinds = [node.op.kind for node in passes.optimize(graph).nodes]
    assert kinds == ["SPACE_TO_BATCH_ND", "CONV_2D", "BATCH_TO_SPACE_ND"]
