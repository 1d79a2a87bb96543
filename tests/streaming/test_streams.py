"""A stream gives, hop by hop, exactly what the model gives for the window that ends there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import tinygen
from tests.ops.network_file import Network
from tests.ops.tflite_file import tensor
from tests.streaming.drawn import network
from tests.streaming.models import batch_and_stream, spotter
from tinygen import passes, tflite
from tinygen.api.stream import hops
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ir import Graph
from tinygen.proof import interpret, oracle
from tinygen.streaming import Whole, follow, needs, streamed

_NETWORKS = 40


def _graph(content: bytes) -> Graph:
    return passes.fold_constants(tflite.read(content, "drawn"))


def _require_equal(graph: Graph, stream: Graph, axis: int, hop: int, seed: int) -> tuple[int, int]:
    """From a reset on until no frame of a window is silence, and after a reset again. How many
    outputs there were, and how many different ones."""
    found = []
    window = graph.tensors[graph.inputs[0]]
    rng = np.random.default_rng(seed)
    shape = list(window.shape)
    for count in (window.shape[axis] // hop + 3, 2):
        shape[axis] = count * hop
        frames = rng.integers(-128, 128, shape).astype(np.int8)
        states = None
        news, windows = hops(frames, tflite.start(window), axis, hop)
        for at, (new, whole) in enumerate(zip(news, windows, strict=True)):
            got = interpret.run(stream, [new], states)
            states = interpret.next_states(stream, got)
            want = interpret.run(graph, [whole])
            for a, b in zip(stream.outputs, graph.outputs, strict=True):
                np.testing.assert_array_equal(got[a], want[b], f"hop {at}", strict=True)
            found.append(got[stream.outputs[0]].tobytes())
    return len(found), len(set(found))


def test_drawn_networks_stream() -> None:
    """Strides, padding, dilations, pools, branches; time along height or width; any hop."""
    kept = less = vary = 0
    for seed in range(_NETWORKS):
        graph = _graph(network(seed))
        followed = follow(graph, None, (None, 1, 2, 3)[seed % 4])
        line = followed.lines[graph.inputs[0]]
        made = streamed(followed).graph
        steps, different = _require_equal(graph, made, line.axis, followed.hop, seed)
        vary += different > 0.7 * steps
        kept += any(one.state for one in needs(followed).values())
        less += _macs(made) < _macs(graph)
    assert vary > 0.65 * _NETWORKS, "were all outputs alike, equality would say little"
    assert kept > 0.7 * _NETWORKS
    assert less > 0.4 * _NETWORKS


def _macs(graph: Graph) -> int:
    return sum(node.op.macs(graph.operands(node)) for node in graph.nodes)


@pytest.mark.parametrize("seed", [0, 6, 11])
def test_the_file_is_the_graph(seed: int) -> None:
    """TFLM runs what was written, over sequences, and gives what it gives for the windows."""
    content = network(seed)
    batch, stream, followed = batch_and_stream(content)
    line = followed.lines[followed.graph.inputs[0]]
    window = batch.graph.tensors[batch.graph.inputs[0]]
    count = line.rows // followed.hop + 4
    shape = list(window.shape)
    shape[line.axis] = count * followed.hop
    frames = np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)
    news, windows = hops(frames, tflite.start(window), line.axis, followed.hop)
    starts = np.arange(2 * count) % count == 0
    got = oracle.expected(stream, [np.concatenate([news, news])], starts)
    want = oracle.expected(batch, [windows])
    assert got.name == want.name
    assert np.array_equal(got.outputs[0], np.concatenate([want.outputs[0]] * 2))
    if followed.hop < line.rows and stream.graph.states:
        assert not np.array_equal(oracle.expected(stream, [news]).outputs[0], want.outputs[0])


def test_without_padding_each_layer_computes_one_row() -> None:
    """Three convolutions over time: a row each, whatever the window's length."""
    graph = _graph(spotter(rows=40))
    followed = follow(graph, None, None)
    assert (followed.hop, followed.least) == (1, 1)
    kept = needs(followed)
    convolutions = [kept[n.outputs[0]] for n in graph.nodes if n.op.kind == "CONV_2D"]
    assert [one.computed for one in convolutions] == [
        [(one.line.rows - 1, one.line.rows)] for one in convolutions
    ]
    assert _macs(streamed(followed).graph) < 0.06 * _macs(graph)


def test_a_stride_asks_for_a_hop() -> None:
    """What a hop does not fit is computed from its whole window, and says which hop fits."""
    graph = _graph(spotter(rows=40, stride=2))
    assert follow(graph, None, None).hop == 2
    followed = follow(graph, None, 3)
    whys = [rule.why for rule in followed.rules.values() if isinstance(rule, Whole)]
    assert whys[0] == "has rows 2 frames apart, which hop 4 fits"
    assert followed.least == 2


def test_what_does_not_stream_says_why(tmp_path: Path) -> None:
    net = Network()
    window = net.input((1, 10, 1, 4))
    weights = tensor((2, 40), scale=0.01, data=np.ones((2, 40)))
    flat = net.call("RESHAPE", [window, [1, 40]], (1, 40))
    dense = tmp_path / "dense.tflite"
    dense.write_bytes(net.file(net.call("FULLY_CONNECTED", [flat, weights], (1, 2))))
    with pytest.raises(UnsupportedModel, match="nothing of 'dense' would be saved") as error:
        tinygen.stream(dense, out=tmp_path / "stream.tflite")
    assert "reads the whole window" in error.value.why
    assert not (tmp_path / "stream.tflite").exists()

    strided = tmp_path / "strided.tflite"
    strided.write_bytes(spotter(rows=40, stride=2))
    with pytest.raises(UnsupportedModel, match="with a hop of 1") as error:
        tinygen.stream(strided, hop=1, out=tmp_path / "stream.tflite")
    assert "has rows 2 frames apart, which hop 2 fits" in error.value.why
    assert error.value.next_step == "--hop 2"

    good = tmp_path / "good.tflite"
    good.write_bytes(spotter(rows=40))
    result = tinygen.stream(good, out=tmp_path / "stream.tflite")
    assert result.macs_hop < 0.06 * result.macs_window
    with pytest.raises(UnsupportedModel, match="remembers already"):
        tinygen.stream(result.path, out=tmp_path / "again.tflite")
    with pytest.raises(InputError, match="--engine was given without --board"):
        tinygen.stream(good, engines=("tflm",))
