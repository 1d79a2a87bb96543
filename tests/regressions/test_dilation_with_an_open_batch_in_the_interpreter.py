"""A dilated convolution of a file with an open batch: the interpreter's SPACE_TO_BATCH_ND leaves
the border as its memory happens to be, so that firmware of the engine `tflm` was a MISMATCH.

Where its convolutions have that dilation and border, the file that goes into the firmware has one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.ops.harness import int8, int32
from tests.ops.network_file import Network
from tests.ops.tflite_file import SAME, VALID, run_tflm
from tinygen import passes, tflite
from tinygen.engines.tflm.edges import with_int8
from tinygen.ir import Int8Model
from tinygen.ops.convolution import Convolution
from tinygen.ops.spatial import Padding
from tinygen.proof import interpret

RNG = np.random.default_rng(9)
BOX = [[2, 2], [2, 2]]
"""What a window of 3x3, dilated by two, has around it."""


def batched(kind: str, border: list[list[int]], *, shared: bool = False) -> bytes:
    """A convolution of 3x3 of every second pixel of 8x8x4."""
    net = Network()
    image, block = net.input((1, 8, 8, 4)), [2, 2]
    size = (8 + border[0][0] + border[0][1]) // 2
    spread = net.call("SPACE_TO_BATCH_ND", [image, block, border], (4, size, size, 4))
    found = []
    for _ in range(1 + shared):
        depthwise = kind == "DEPTHWISE_CONV_2D"
        shape = (1, 3, 3, 4) if depthwise else (6, 3, 3, 4)
        channels = shape[3] if depthwise else shape[0]
        weights = int8(data=RNG.integers(-99, 99, shape), scale=0.01)
        bias = int32(RNG.integers(-999, 999, channels), scale=0.001)
        options: dict[str, Any] = {"padding": VALID, "strideH": 1, "strideW": 1}
        options |= {"dilationHFactor": 1, "dilationWFactor": 1}
        options |= {"depthMultiplier": 1} if depthwise else {}
        made = (4, size - 2, size - 2, channels)
        plain = net.call(kind, [spread, weights, bias], made, (0.3, 4), **options)
        whole = (1, 2 * (size - 2), 2 * (size - 2), channels)
        found.append(net.call("BATCH_TO_SPACE_ND", [plain, block, [[0, 0]] * 2], whole, (0.3, 4)))
    return net.file(*found)


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
@pytest.mark.parametrize(("border", "padding"), [(BOX, SAME), ([[0, 0]] * 2, VALID)])
@pytest.mark.parametrize("shared", [False, True])
def test_the_firmware_s_file_has_a_dilated_one(
    kind: str, border: list[list[int]], padding: int, shared: bool
) -> None:
    content = batched(kind, border, shared=shared)
    written = tflite.read(content, "d")
    made, graph = with_int8(Int8Model(content, written, passes.simplify(written)))
    assert [node.op.kind for node in graph.nodes] == [kind] * (1 + shared)
    for node in graph.nodes:
        assert isinstance(node.op, Convolution)
        assert node.op.padding is Padding(padding)
        assert (node.op.dilation_height, node.op.dilation_width) == (2, 2)
    image = RNG.integers(-128, 128, (1, 8, 8, 4)).astype(np.int8)
    expected = interpret.run(written, [image])
    for got, output in zip(run_tflm(made, [image]), written.outputs, strict=True):
        np.testing.assert_array_equal(got, expected[output], strict=True)


def test_a_border_that_no_file_can_say_stays() -> None:
    content = batched("CONV_2D", [[2, 0], [0, 2]])
    written = tflite.read(content, "d")
    made, _ = with_int8(Int8Model(content, written, passes.simplify(written)))
    assert made is content
