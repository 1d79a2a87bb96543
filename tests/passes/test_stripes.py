"""Layers in stripes of rows: what they compute stays, and the plan keeps every value whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.passes.test_laws import require_same_meaning
from tests.plan.mobilenet import Net
from tests.plan.test_plan_law import require_whole
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.errors import UnsupportedModel
from tinygen.ir import Graph, Quant, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.spatial import Border, Padding
from tinygen.ops.tanh import Tanh
from tinygen.passes.stripes import Stripes, in_stripes, run_of

Q = Quant((0.05,), (3,))
some = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def images(draw: st.DrawFn) -> Graph:
    """Layers with windows of all sorts over an image, branches that are added up, and a tail."""
    net = Net()
    numbers = st.integers
    x = net.tensor((1, draw(numbers(4, 17)), draw(numbers(1, 6)), draw(numbers(1, 5))), Q)
    seen = [x]
    for _ in range(draw(numbers(2, 6))):
        x = _layer(draw, net, x, seen)
        seen.append(x)
    tensors = {t.id: t for t in net.tensors}
    graph = Graph("image", tensors, tuple(net.nodes), (0,), (x.id,))
    graph.verify()
    return passes.optimize(passes.simplify(graph))


def _layer(draw: st.DrawFn, net: Net, x: Tensor, seen: list[Tensor]) -> Tensor:
    kind = draw(st.sampled_from(["conv", "depthwise", "maximum", "mean", "tanh", "add"]))
    if kind == "tanh":
        return net.node(Tanh(), [x], Quant((1 / 128,), (0,)))
    if kind == "add":
        other = draw(st.sampled_from([t for t in seen if t.shape == x.shape]))
        return net.node(Add(Activation.NONE), [other, x], Q)
    _, rows, columns, channels = x.shape
    taps = draw(st.integers(1, min(3, rows))), draw(st.integers(1, min(3, columns)))
    spare = [(size - 1) // max(1, n - 1) for n, size in zip(taps, (rows, columns), strict=True)]
    dilations = [draw(st.integers(1, max(1, min(2, s)))) for s in spare]
    if kind in ("maximum", "mean"):
        dilations = [1, 1]
    spans = [(n - 1) * d + 1 for n, d in zip(taps, dilations, strict=True)]
    top, bottom, left, right = (draw(st.integers(0, spans[i // 2] - 1)) for i in range(4))
    border = Border(top, bottom, left, right)
    ways: list[Padding | Border] = [Padding.SAME, Padding.VALID, border]
    padding = draw(st.sampled_from(ways))
    strides = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    try:
        if kind in ("maximum", "mean"):
            pool = MaxPool2D if kind == "maximum" else AveragePool2D
            return net.node(pool(padding, *strides, *taps), [x], x.q)
        if kind == "conv":
            weights = net.weights((draw(st.integers(1, 6)), *taps, channels))
            op = Conv2D(padding, *strides, dilations[0], dilations[1])
            return net.node(op, [x, weights, net.constant(np.arange(weights.shape[0]))], Q)
        weights = net.weights((1, *taps, channels))
        deep = DepthwiseConv2D(padding, *strides, dilations[0], dilations[1])
        return net.node(deep, [x, weights, net.constant(np.arange(channels))], Q)
    except UnsupportedModel:
        return x


def striped(draw: st.DataObject, graph: Graph) -> Graph:
    first = draw.draw(st.integers(0, len(graph.nodes) - 1))
    last = draw.draw(st.integers(first, len(graph.nodes) - 1))
    return in_stripes(graph, Stripes(first, last, draw.draw(st.integers(1, 6))))


def test_what_an_image_becomes_stays() -> None:
    changed = 0

    @some
    @given(images(), st.data(), st.integers(0, 1 << 16))
    def law(graph: Graph, data: st.DataObject, seed: int) -> None:
        nonlocal changed
        after = striped(data, graph)
        changed += after is not graph
        require_same_meaning(graph, after, seed)
        require_whole(aot.compile_graph(after, thorough=False))

    law()
    assert changed > 15


def test_what_a_model_computes_stays(model: Path) -> None:
    graph = passes.optimize(passes.simplify(tflite.read(model.read_bytes(), model.stem)))
    runs = [
        Stripes(first, last, 5)
        for first in range(len(graph.nodes))
        for last in range(first + 1, min(first + 6, len(graph.nodes)))
        if (run := run_of(graph, first, last)) and run.height > 5
    ]
    for stripes in runs[:: max(1, len(runs) // 3)]:
        after = in_stripes(graph, stripes)
        assert after is not graph
        require_same_meaning(graph, after, seed=3)


def test_rows_that_two_stripes_need_are_computed_twice() -> None:
    net = Net()
    x = net.tensor((1, 12, 2, 4), Q)
    x = net.conv(x, 4, 1, 1, Q)
    op = DepthwiseConv2D(Padding.SAME, 1, 1)
    x = net.node(op, [x, net.weights((1, 3, 3, 4)), net.constant(np.arange(4))], Q)
    graph = Graph("two", {t.id: t for t in net.tensors}, tuple(net.nodes), (0,), (x.id,))
    after = in_stripes(graph, Stripes(0, 1, 4))
    rows = {"CONV_2D": [5, 6, 5], "DEPTHWISE_CONV_2D": [4, 4, 4], "SLICE": [5, 6, 5]}
    for kind, heights in rows.items():
        nodes = [node for node in after.nodes if node.op.kind == kind]
        assert [after.tensors[node.outputs[0]].shape[1] for node in nodes] == heights
    borders = [node.op.padding for node in after.nodes if isinstance(node.op, DepthwiseConv2D)]
    assert borders == [Border(1, 0, 1, 1), Border(0, 0, 1, 1), Border(0, 1, 1, 1)]


@pytest.mark.parametrize("kept", [0, 1], ids=["read inside", "an output"])
def test_what_others_read_is_whole(kept: int) -> None:
    net = Net()
    first = net.node(Tanh(), [net.tensor((1, 8, 2, 4), Q)], Quant((1 / 128,), (0,)))
    last = net.node(Tanh(), [first], Quant((1 / 128,), (0,)))
    tensors = {t.id: t for t in net.tensors}
    outputs = (last.id, first.id)[: 1 + kept]
    graph = Graph("two", tensors, tuple(net.nodes), (0,), outputs)
    after = in_stripes(graph, Stripes(0, 1, 4))
    assert (after is graph) == bool(kept)
