"""DECODE: every code is read as TFLM reads it, and nothing of it is left for the engine aot."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.decode_codes import Pair, constants, huffman, looked_up, pruned
from tests.ops.harness import int8, int32, tensor
from tests.ops.network_file import Network, Q
from tests.ops.tflite_file import VALID, run_tflm
from tinygen import passes
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Operands
from tinygen.ops.decode import Decode
from tinygen.tflite import read

RNG = np.random.default_rng(4)
UNITS, DEPTH = 6, 70
SCALE = 0.02


def _network(pair: Pair, bias: Pair | None = None) -> bytes:
    """FULLY_CONNECTED whose weights, and bias, are decoded."""
    net = Network()
    source = net.input((1, DEPTH))
    weights = net.call("TFLM_DECODE", constants(pair), (UNITS, DEPTH), (SCALE, 0))
    added = int32(np.arange(UNITS, dtype=np.int32), scale=Q[0] * SCALE)
    if bias is not None:
        added = net.call("TFLM_DECODE", constants(bias), (UNITS,), dtype=DType.INT32)
    return net.file(net.call("FULLY_CONNECTED", [source, weights, added], (1, UNITS), (0.5, 1)))


def _check(model: bytes, weights: Array) -> None:
    """The weights are these, and the outputs TFLM's."""
    graph = passes.simplify(read(model, "net"))
    (node,) = graph.nodes
    io = graph.operands(node)
    np.testing.assert_array_equal(io.constant(1), weights, strict=True)
    image = RNG.integers(-128, 128, io.input(0).shape, dtype=np.int8)
    values = [image, *(None if t is None else t.data for t in io.inputs[1:])]
    np.testing.assert_array_equal(
        node.op.reference(io, values)[0], run_tflm(model, [image])[0], strict=True
    )


def _of(values: list[int]) -> Array:
    return RNG.choice(np.array(values, np.int8), (UNITS, DEPTH))


def _values(count: int) -> list[int]:
    return sorted(RNG.choice(np.arange(-128, 128), count, replace=False).tolist())


@pytest.mark.parametrize("width", range(1, 8))
def test_a_lookup_table(width: int) -> None:
    weights = _of(_values(1 << width))
    _check(_network(looked_up([weights.reshape(-1)], width)), weights)


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("first_bits", [1, 3, 8])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_a_huffman_code(count: int, first_bits: int, words: bool) -> None:
    values = np.array(_values(count), np.int8)
    weights = values[np.minimum(RNG.geometric(0.3, (UNITS, DEPTH)), count) - 1]
    _check(_network(huffman(weights, first_bits, words=words)), weights)


@pytest.mark.parametrize("share", [0.0, 0.2, 1.0])
def test_a_bitmap(share: float) -> None:
    weights = _of([-100, -1, 1, 44]) * (RNG.random((UNITS, DEPTH)) < share)
    _check(_network(pruned(weights, np.zeros_like(weights))), weights)


def test_a_bias() -> None:
    weights = _of([-5, 0, 7])
    bias = np.array([100000, -3, 5, 100000, 5, -3], np.int32)
    _check(_network(looked_up([weights.reshape(-1)], 2), looked_up([bias], 3)), weights)


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D"])
def test_a_table_for_each_channel(kind: str) -> None:
    channels = 5
    tables = [_values(4) for _ in range(channels)]
    each = [RNG.choice(np.array(table, np.int8), 54) for table in tables]
    scales = RNG.uniform(0.01, 0.03, channels).tolist()
    last = kind.startswith("DEPTHWISE")
    shape, depth = ((1, 6, 9, channels), channels) if last else ((channels, 6, 9, 1), 1)
    weights = (np.array(each).T if last else np.array(each)).reshape(shape)
    net = Network()
    source = net.input((1, 8, 10, depth))
    pair = looked_up(each, 2, interleaved=last)
    made = int8(shape, scales, axis=3 if last else 0)
    net.calls.append(("TFLM_DECODE", constants(pair), [made], None))
    bias = int32(np.arange(channels, dtype=np.int32), scale=[Q[0] * scale for scale in scales])
    once = dict.fromkeys(("strideH", "strideW", "dilationHFactor", "dilationWFactor"), 1)
    more = {"depthMultiplier": 1} if last else {}
    options = {"padding": VALID, **once, **more}
    out = int8((1, 3, 2, channels), 0.9, -4)
    net.calls.append((kind, [source, made, bias], [out], options))
    _check(net.file(out), weights)


@pytest.mark.parametrize(
    ("axis", "zeros"), [(0, (0, 0)), (0, (3, -9)), (1, (3, -9))], ids=["none", "first", "last"]
)
def test_zero_points_of_a_bitmap(axis: int, zeros: tuple[int, int]) -> None:
    data = RNG.integers(-9, 4, (2, 2), dtype=np.int8)
    points = np.array(zeros, np.int8).reshape((2, 1) if axis == 0 else (1, 2))
    pair = pruned(data, np.broadcast_to(points, data.shape))
    io = Operands(tuple(constants(pair)), (int8((2, 2), (0.1, 0.2), zeros, axis=axis),), "DECODE")
    values = [t.data for t in io.inputs if t is not None]
    np.testing.assert_array_equal(Decode().reference(io, values)[0], data, strict=True)


def _without_version(pair: Pair) -> Pair:
    return pair[0], np.where(np.arange(pair[1].size) == 1, 0, pair[1]).astype(np.uint8)


GOOD = looked_up([_of([1, 2, 3]).reshape(-1)], 2)
BITMAP = pruned(_of([0, 1]), np.zeros((UNITS, DEPTH), np.int8))
HUFFMAN = huffman(_of([0, 1, 2, 5]), 1, words=False)


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        (_without_version(GOOD), "no known version"),
        ((GOOD[0], GOOD[1][:9]), "no known version"),
        ((GOOD[0][:-1], GOOD[1]), "ends after 832 of 840 bits"),
        ((GOOD[0], GOOD[1][:-1]), "number 2 in a table of 2"),
        ((BITMAP[0], BITMAP[1][:-1]), "numbers"),
        ((HUFFMAN[0][:20], HUFFMAN[1]), "ends too early"),
        ((HUFFMAN[0], HUFFMAN[1][:18]), "index out of range"),
        ((HUFFMAN[0] * 0, np.append(HUFFMAN[1][:16], np.zeros(2, np.uint8))), "ends too early"),
        ((GOOD[0], np.where(np.arange(GOOD[1].size) == 0, 127, GOOD[1]).astype(np.uint8)), "127"),
    ],
)
def test_codes_that_cannot_be_read(pair: Pair, why: str) -> None:
    with pytest.raises(UnsupportedModel, match="DECODE cannot decode") as caught:
        passes.simplify(read(_network(pair), "net"))
    assert why in str(caught.value.why)


def test_what_is_decoded_is_constant() -> None:
    code = tensor((3,), DType.UINT8)
    io = Operands((code, *constants(GOOD)[1:]), (int8((3,), 0.1),), "DECODE")
    with pytest.raises(UnsupportedModel, match="no constant"):
        Decode().check(io)
    io = Operands((*constants(GOOD), *constants(GOOD)), (int8((3,), 0.1),), "DECODE")
    with pytest.raises(UnsupportedModel, match="4 inputs and 1 outputs"):
        Decode().check(io)
