"""Constant and unused channels: where they go, where they stay, and that nothing else changes."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.passes import drawn_operators as drawn
from tests.passes.graph_builder import Builder
from tests.passes.test_laws import require_same_meaning, require_unchanged_and_idempotent
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.ir import Array, DType, Graph, Int8Model, Node, Quant, Shape, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.spatial import Padding
from tinygen.passes.drop_channels import drop_channels, dropped_channels

UNIT_SCALE = Quant((1.0,), (0,))
INT32_MAX = (1 << 31) - 1


@st.composite
def chains(draw: st.DrawFn) -> Graph:
    """A convolution with dead channels, operators that work channel by channel, and a layer with
    weights that reads them; now and then two of those, or a branch."""
    b = Builder(draw)
    b.live.append(b.add((1, draw(st.integers(1, 5)), draw(st.integers(1, 5)), 3), b.quant()))
    b.inputs.append(0)
    b.varying.add(0)
    between = [
        *(drawn.depthwise_conv_2d, drawn.table, drawn.pool, drawn.binary, drawn.mean),
        *(drawn.reshape, drawn.squeeze, drawn.pad, drawn.concatenation, drawn.transpose),
    ]
    for _ in range(draw(st.integers(1, 2))):
        image = b.image()
        if image is None:
            break
        channels = draw(st.integers(4, 12))
        weights = drawn._weights(b, (channels, 1, draw(st.integers(1, 2)), image.shape[3]), 0)
        op = Conv2D(Padding.SAME, 1, 1, activation=b.activation())
        b.live.append(b.node(op, [image, weights, drawn._bias(b, channels)], b.quant()))
        for _ in range(draw(st.integers(0, 3))):
            b.live = b.live[-2:]
            b.operator(between)
        b.live = b.live[-1:]
        b.operator([drawn.conv_2d, drawn.fully_connected])
    b.live = [b.tensors[b.nodes[-1].outputs[0]]]
    return b.graph(None, float_edges=False)


@pytest.mark.parametrize("unit", [1, 4])
def test_the_meaning_of_a_chain_stays(unit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[drop_channels.__module__], "UNIT", unit)
    dropped = 0

    @settings(
        max_examples=120,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(chains(), st.integers(0, 1 << 16))
    def law(graph: Graph, seed: int) -> None:
        nonlocal dropped
        graph = passes.simplify(graph)
        after = require_unchanged_and_idempotent(drop_channels, graph)
        require_same_meaning(graph, after, seed)
        dropped += dropped_channels(graph, after) > 0

    law()
    assert dropped > 15


def constant(data: object, dtype: DType = DType.INT8, number: int = 0) -> Tensor:
    array = np.array(data, dtype.numpy)
    quant = UNIT_SCALE if dtype is DType.INT8 else None
    return Tensor(number, f"c{number}", array.shape, dtype, quant, array)


def codes(shape: Shape, number: int, zero_point: int = 0) -> Tensor:
    return Tensor(number, f"t{number}", shape, DType.INT8, Quant((1.0,), (zero_point,)))


def graph_of(nodes: list[Node], tensors: list[Tensor]) -> Graph:
    graph = Graph("g", {t.id: t for t in tensors}, tuple(nodes), (0,), nodes[-1].outputs)
    graph.verify()
    return graph


def two_layers(
    bias: list[int], reader: Node, weights: Tensor, *more: Tensor, out: Shape, zero_point: int = 0
) -> Graph:
    """A 1x1 convolution of 8 channels, all but the last four of zero weights, and its reader."""
    first = np.zeros((8, 1, 1, 2))
    first[4:] = 1
    return graph_of(
        [Node(Conv2D(Padding.VALID, 1, 1), (0, 1, 2), (3,)), reader],
        [
            codes((1, 3, 3, 2), 0),
            constant(first, number=1),
            constant(bias, DType.INT32, 2),
            codes((1, 3, 3, 8), 3, zero_point),
            weights,
            *more,
            codes(out, 9),
        ],
    )


def conv(bias: list[int], taps: int = 1, padding: Padding = Padding.SAME, **kind: int) -> Graph:
    weights = constant(np.ones((4, taps, taps, 8)), number=4)
    out = (1, 3, 3, 4) if padding is Padding.SAME or taps == 1 else (1, 1, 1, 4)
    return two_layers(bias, Node(Conv2D(padding, 1, 1), (3, 4), (9,)), weights, out=out, **kind)


def channels(graph: Graph) -> int:
    return graph.tensors[3].shape[-1]


def test_a_constant_goes_into_the_bias_of_its_reader() -> None:
    graph = conv([5, 6, 7, 100, 0, 0, 0, 0])
    after = require_unchanged_and_idempotent(drop_channels, graph)
    require_same_meaning(graph, after, 0)
    assert channels(after) == 4
    (bias,) = (after.tensors[i].data for i in after.nodes[1].inputs[2:])
    assert bias is not None
    assert bias.tolist() == [118] * 4


@pytest.mark.parametrize(
    ("bias", "taps", "padding", "zero_point", "left"),
    [
        (3, 3, Padding.SAME, 3, 8),  # six codes, the zero point is 3
        (0, 3, Padding.SAME, 3, 4),
        (3, 3, Padding.VALID, 3, 4),
        (3, 1, Padding.SAME, 3, 4),
    ],
)
def test_at_a_border_only_the_zero_point_goes(
    bias: int, taps: int, padding: Padding, zero_point: int, left: int
) -> None:
    graph = conv([bias] * 4 + [0] * 4, taps, padding, zero_point=zero_point)
    after = require_unchanged_and_idempotent(drop_channels, graph)
    require_same_meaning(graph, after, 0)
    assert channels(after) == left


def test_what_would_leave_int32_stays() -> None:
    """100 in each of four channels, four biases near the end of int32: three of them fit."""
    graph = conv([100] * 4 + [0] * 4)
    bias = constant([INT32_MAX - 300, 0, 0, 0], DType.INT32, 5)
    node = graph.nodes[1]
    nodes = (graph.nodes[0], Node(node.op, (3, 4, 5), (9,)))
    graph = graph.replace(nodes=nodes, tensors={**graph.tensors, 5: bias})
    after = require_unchanged_and_idempotent(drop_channels, graph)
    require_same_meaning(graph, after, 0)
    assert channels(after) == 8  # five are left, which is made eight again


def test_a_channel_that_nobody_reads_goes_whatever_it_is() -> None:
    weights = np.ones((4, 8), np.int8)
    weights[:, [0, 5, 6, 7]] = 0
    mean = Node(Conv2D(Padding.VALID, 1, 1), (3, 4), (9,))
    graph = two_layers(
        [1 << 30] * 8, mean, constant(weights.reshape(4, 1, 1, 8), number=4), out=(1, 3, 3, 4)
    )
    after = require_unchanged_and_idempotent(drop_channels, graph)
    require_same_meaning(graph, after, 1)
    assert channels(after) == 4


def test_a_depthwise_border_is_evaluated() -> None:
    """A constant that is not the zero point makes another one at the border: it stays, unless the
    layer behind does not ask."""
    depthwise = Node(DepthwiseConv2D(Padding.SAME, 1, 1), (3, 4), (5,))
    kernel = constant(np.ones((1, 3, 3, 8)), number=4)
    last = Node(FullyConnected(Activation.NONE), (5, 6), (9,))
    for value, left in ((0, 4), (2, 8)):
        one = two_layers([value] * 8, depthwise, kernel, codes((1, 3, 3, 8), 5), out=(1, 4))
        tensors = [*one.tensors.values(), constant(np.ones((4, 72)), number=6)]
        graph = graph_of([one.nodes[0], depthwise, last], tensors)
        after = require_unchanged_and_idempotent(drop_channels, graph)
        require_same_meaning(graph, after, 0)
        assert channels(after) == left


def test_the_benchmarks_dead_channels(models: Path) -> None:
    content = (models / "vww_96_int8.tflite").read_bytes()
    graph = passes.simplify(tflite.read(content, "vww"))
    after = passes.optimize(graph)
    assert dropped_channels(graph, after) == 1696
    assert _weights(graph) > 200_000
    assert _weights(after) < 40_000


def _weights(graph: Graph) -> int:
    arrays: list[Array] = [t.data for t in graph.tensors.values() if t.data is not None]
    return sum(data.nbytes for data in arrays)


def test_the_firmware_is_without_them_and_says_so() -> None:
    graph = conv([0] * 8)
    model = Int8Model(b"", graph, graph)
    assert channels(aot.optimized(model)) == 4
    assert channels(model.graph) == 8
    (said,) = aot.left_out(model)
    assert said == "4 channels are constant or unused: left out, with 216 of 432 MACs"
    assert aot.left_out(Int8Model(b"", graph, aot.optimized(model))) == ()
