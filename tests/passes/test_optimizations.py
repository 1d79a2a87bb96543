"""Each optimization on chains made for it: where it acts, and where it must not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.passes import drawn_operators as drawn
from tests.passes.graph_builder import Builder
from tests.passes.test_laws import require_same_meaning, require_unchanged_and_idempotent
from tinygen import passes
from tinygen.ir import Graph, Tensor
from tinygen.ops.add import Add
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.hard_swish import HardSwish
from tinygen.ops.leaky_relu import LeakyRelu
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.pad import Pad, PadV2
from tinygen.ops.quantize import Quantize
from tinygen.ops.relu import Relu
from tinygen.ops.relu6 import Relu6
from tinygen.ops.reshape import Reshape
from tinygen.ops.spatial import Border, Padding
from tinygen.ops.transpose import Transpose

Made = Tensor | None


def _last(b: Builder) -> Tensor:
    return b.live[-1]


def padded(b: Builder) -> Made:
    """A PAD, and one or two layers with windows that read it."""
    image = _last(b)
    if len(image.shape) != 4:
        return None
    table = np.zeros((4, 2), np.int32)
    table[1:3] = b.rng.integers(0, 3, (2, 2))
    if b.draw(st.booleans()):
        value = b.draw(st.sampled_from([-128, image.q.zero_point]))
        border = b.add((1,), image.quant, np.array([value]))
        around = b.node(PadV2(), [image, b.constant(table), border], image.quant)
    else:
        around = b.node(Pad(), [image, b.constant(table)], image.quant)
    b.live.append(around)
    for _ in range(b.draw(st.integers(1, 2))):
        last = _windows(b, around)
    return last


def _windows(b: Builder, image: Tensor) -> Tensor:
    """A layer whose windows of three rows fit into the image, or a small one that draws its own."""
    small = min(image.shape[1:3]) < 3
    border = Padding.SAME if small else b.draw(st.sampled_from([*Padding, Border(1, 0, 2, 1)]))
    strides, channels = (b.draw(st.integers(1, 2)), b.draw(st.integers(1, 2))), image.shape[3]
    kind = b.draw(st.sampled_from(["conv", "depthwise", "max", "average"]))
    if kind in ("max", "average"):
        pool = MaxPool2D if kind == "max" else AveragePool2D
        return b.node(pool(border, *strides, 3, 3, b.activation()), [image], image.quant)
    if kind == "depthwise":
        weights = drawn._weights(b, (1, 3, 3, channels), 3)
        depthwise = DepthwiseConv2D(border, *strides, activation=b.activation())
        return b.node(depthwise, [image, weights, drawn._bias(b, channels)], b.quant())
    weights = drawn._weights(b, (4, 3, 3, channels), 0)
    dilation = 1 if small else b.draw(st.integers(1, 2))
    op = Conv2D(Padding.SAME if dilation > 1 else border, *strides, dilation, dilation)
    return b.node(op, [image, weights, drawn._bias(b, 4)], b.quant())


def _only(b: Builder, source: Tensor, makers: Sequence[Callable[[Builder], Made]]) -> Made:
    """What one of the makers makes of this tensor and no other."""
    live, b.live = b.live, [source]
    made = b.draw(st.sampled_from(makers))(b)
    b.live = live
    return made


def clamped(b: Builder) -> Made:
    """An operator that may have an activation, and RELU, RELU6 or a requantization behind it."""
    made = _only(b, _last(b), [drawn.conv_2d, drawn.fully_connected, drawn.pool, drawn.binary])
    if made is None:
        return None
    quant = b.draw(st.sampled_from([made.quant, b.quant()]))
    return b.node(b.draw(st.sampled_from([Relu(), Relu6(), Quantize()])), [made], quant)


def tables(b: Builder) -> Made:
    first = b.node(b.draw(st.sampled_from([Relu6(), LeakyRelu(0.2)])), [_last(b)], b.quant())
    return b.node(b.draw(st.sampled_from([Relu(), HardSwish()])), [first], b.quant())


def pooled(b: Builder) -> Made:
    """A MAX_POOL_2D of a table that never falls, or does."""
    image = _last(b)
    if len(image.shape) != 4:
        return None
    op = b.draw(st.sampled_from([LeakyRelu(0.2), LeakyRelu(-0.5), Relu6(), HardSwish()]))
    made = b.node(op, [image], b.quant())
    pool = b.draw(st.sampled_from([MaxPool2D, AveragePool2D]))
    return b.node(pool(Padding.SAME, 2, 2, 3, 2, b.activation()), [made], made.quant)


def moved(b: Builder) -> Made:
    """TRANSPOSEs and RESHAPEs in a row, which may come back to where they began."""
    tensor = _last(b)
    for _ in range(b.draw(st.integers(2, 3))):
        if b.draw(st.booleans()):
            order = b.draw(st.permutations(range(len(tensor.shape))))
            order_of = b.constant(np.array(order, np.int32))
            tensor = b.node(Transpose(), [tensor, order_of], tensor.quant)
        else:
            shape = b.draw(st.sampled_from([tensor.shape, (1, -1), (1, 1, 1, tensor.elements)]))
            tensor = b.node(Reshape(None), [tensor, b.constant(shape)], tensor.quant)
    return tensor


def twice(b: Builder) -> Made:
    """The same again, and something of both."""
    source, quant = _last(b), b.quant()
    op = b.draw(st.sampled_from([Relu(), HardSwish()]))
    pair = [b.node(op, [source], quant) for _ in range(2)]
    b.live += pair
    return _only(b, pair[0], [drawn.binary]) and b.node(Add(b.activation()), pair, b.quant())


@st.composite
def chains(draw: st.DrawFn, link: Callable[[Builder], Made]) -> Graph:
    b = Builder(draw)
    sizes = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(st.integers(1, 3))
    b.live.append(b.add((1, *sizes), b.quant()))
    b.inputs.append(0)
    b.varying.add(0)
    for _ in range(draw(st.integers(1, 2))):
        made = link(b)
        if made is not None and 0 < made.elements < 1500:
            b.live.append(made)
    if draw(st.integers(0, 4)):
        b.live = b.live[-1:]  # else what lies between may be an output
    return b.graph(None, float_edges=False)


def _pass(name: str) -> Callable[[Graph], Graph]:
    return next(each for each in passes.OPTIMIZATIONS if each.__name__ == name)


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("fold_pads", padded),
        ("fuse_activations", clamped),
        ("merge_tables", tables),
        ("sink_tables", pooled),
        ("merge_moves", moved),
        ("share_results", twice),
    ],
)
def test_the_meaning_of_what_it_is_made_for_stays(
    name: str, link: Callable[[Builder], Made]
) -> None:
    transform = _pass(name)
    acted = 0

    @settings(
        max_examples=80,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(chains(link), st.integers(0, 1 << 16))
    def law(graph: Graph, seed: int) -> None:
        nonlocal acted
        graph = passes.simplify(graph)
        after = require_unchanged_and_idempotent(transform, graph)
        require_same_meaning(graph, after, seed)
        whole = require_unchanged_and_idempotent(passes.optimize, graph)
        require_same_meaning(graph, whole, seed)
        acted += after is not graph

    law()
    assert acted >= 5
