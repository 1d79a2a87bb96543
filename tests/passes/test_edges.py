"""Where an edge may become int8, and where it stays what it is and is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Graph, Node, Quant, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.quantize import Quantize
from tinygen.ops.relu import Relu
from tinygen.passes.strip_edges import borders, strip_edges
from tinygen.proof import interpret

REAL, CODES, MADE, OUT = range(4)


def quantized_and_back() -> Graph:
    """float -> QUANTIZE -> RELU -> DEQUANTIZE -> float."""
    quant = Quant((0.5,), (0,))
    tensors = {
        REAL: Tensor(REAL, "real", (2,), DType.FLOAT32),
        CODES: Tensor(CODES, "codes", (2,), DType.INT8, quant),
        MADE: Tensor(MADE, "made", (2,), DType.INT8, quant),
        OUT: Tensor(OUT, "out", (2,), DType.FLOAT32),
    }
    nodes = (
        Node(Quantize(), (REAL,), (CODES,)),
        Node(Relu(), (CODES,), (MADE,)),
        Node(Dequantize(), (MADE,), (OUT,)),
    )
    return Graph("edges", tensors, nodes, (REAL,), (OUT,))


def test_edges_move_inside() -> None:
    graph = strip_edges(quantized_and_back())
    assert (graph.inputs, graph.outputs) == ((CODES,), (MADE,))
    assert [node.op.kind for node in graph.nodes] == ["RELU", "DEQUANTIZE"]


def with_node(node: Node) -> Graph:
    graph = quantized_and_back()
    (written,) = graph.fresh(graph.tensors[OUT])
    tensors = {**graph.tensors, written.id: written}
    node = replace(node, outputs=(written.id,))
    return replace(graph, tensors=tensors, nodes=(*graph.nodes, node), outputs=(written.id,))


def test_a_float_input_that_something_else_reads_is_refused() -> None:
    graph = with_node(Node(Add(Activation.NONE), (REAL, REAL), ()))
    with pytest.raises(UnsupportedModel, match="input 'real' is float32"):
        strip_edges(replace(graph, outputs=(OUT,)))


def test_a_float_output_that_is_computed_is_refused() -> None:
    graph = with_node(Node(Add(Activation.NONE), (OUT, OUT), ()))
    with pytest.raises(UnsupportedModel, match="output 'out' is float32"):
        strip_edges(graph)


def test_fresh_tensors_have_ids_of_their_own() -> None:
    graph = quantized_and_back()
    a, b = graph.fresh(graph.tensors[CODES], graph.tensors[MADE])
    assert len({a.id, b.id} | set(graph.tensors)) == len(graph.tensors) + 2
    assert (a.name, b.name) == ("codes", "made")


def of_type(dtype: DType, scale: float, zero_point: int) -> Graph:
    """As `quantized_and_back`, with edges of integers."""
    graph = quantized_and_back()
    quant = Quant((scale,), (zero_point,))
    tensors = dict(graph.tensors)
    for i in (REAL, OUT):
        tensors[i] = replace(tensors[i], dtype=dtype, quant=quant)
    nodes = (*graph.nodes[:2], Node(Quantize(), (MADE,), (OUT,)))
    return replace(graph, tensors=tensors, nodes=nodes)


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point"),
    [(DType.UINT8, 0.5, 128), (DType.INT16, 0.5, 0), (DType.INT16, 0.5 / 128, 0)],
    ids=["uint8", "int16, same steps", "int16, finer steps"],
)
def test_integer_edges_are_the_same_codes(dtype: DType, scale: float, zero_point: int) -> None:
    graph = of_type(dtype, scale, zero_point)
    stripped = strip_edges(graph)
    assert (stripped.inputs, stripped.outputs) == ((CODES,), (MADE,))
    found = borders(graph)
    codes = np.arange(-128, 128).astype(np.int8).reshape(128, 2)
    entry, exit_ = found.inputs[REAL], found.outputs[OUT]
    for border in (entry, exit_):
        there = border.outward(codes)
        assert (there.dtype, there.shape) == (dtype.numpy, codes.shape)
        np.testing.assert_array_equal(border.inward(there), codes)
    for inside, outside in zip(codes, entry.outward(codes), strict=True):
        before = interpret.run(graph, [outside])
        after = interpret.run(stripped, [inside])
        np.testing.assert_array_equal(exit_.inward(before[OUT]), after[MADE])


@pytest.mark.parametrize(
    ("dtype", "scale", "zero_point"),
    [(DType.UINT8, 1.0, 128), (DType.UINT8, 0.5, 100), (DType.INT16, 2.0, 0)],
    ids=["coarser", "moved", "int16, coarser"],
)
def test_integer_edges_that_lose_codes_are_refused(
    dtype: DType, scale: float, zero_point: int
) -> None:
    with pytest.raises(UnsupportedModel, match="with coarser steps"):
        strip_edges(of_type(dtype, scale, zero_point))
