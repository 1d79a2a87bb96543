"""Where an edge may become int8, and where it stays float and is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Graph, Node, Quant, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.quantize import Quantize
from tinygen.ops.relu import Relu
from tinygen.passes.strip_float_edges import strip_float_edges

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
    graph = strip_float_edges(quantized_and_back())
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
        strip_float_edges(replace(graph, outputs=(OUT,)))


def test_a_float_output_that_is_computed_is_refused() -> None:
    graph = with_node(Node(Add(Activation.NONE), (OUT, OUT), ()))
    with pytest.raises(UnsupportedModel, match="output 'out' is float32"):
        strip_float_edges(graph)


def test_fresh_tensors_have_ids_of_their_own() -> None:
    graph = quantized_and_back()
    a, b = graph.fresh(graph.tensors[CODES], graph.tensors[MADE])
    assert len({a.id, b.id} | set(graph.tensors)) == len(graph.tensors) + 2
    assert (a.name, b.name) == ("codes", "made")
