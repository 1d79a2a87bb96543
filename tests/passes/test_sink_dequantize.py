"""Moves that a converter left in float are done on codes; what is left of the island is a table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinygen.ir import DType, Graph, Node, Quant, Tensor
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.pad import Pad
from tinygen.ops.quantize import Quantize
from tinygen.ops.transpose import Transpose
from tinygen.passes.fold_float_islands import fold_float_islands
from tinygen.passes.remove_dead import remove_dead
from tinygen.passes.sink_dequantize import sink_dequantize
from tinygen.proof import interpret

CODES, REAL, TURNED, WIDE, MADE, ORDER, MARGINS = range(7)


def moved_in_float(scale: float) -> Graph:
    """int8 -> DEQUANTIZE -> TRANSPOSE -> PAD -> QUANTIZE -> int8 of this scale."""
    tensors = {
        CODES: Tensor(CODES, "codes", (16, 16), DType.INT8, Quant((0.5,), (3,))),
        REAL: Tensor(REAL, "real", (16, 16), DType.FLOAT32),
        TURNED: Tensor(TURNED, "turned", (16, 16), DType.FLOAT32),
        WIDE: Tensor(WIDE, "wide", (16, 17), DType.FLOAT32),
        MADE: Tensor(MADE, "made", (16, 17), DType.INT8, Quant((scale,), (3,))),
        ORDER: Tensor(ORDER, "order", (2,), DType.INT32, None, np.array([1, 0], np.int32)),
        MARGINS: Tensor(
            MARGINS, "margins", (2, 2), DType.INT32, None, np.array([[0, 0], [1, 0]], np.int32)
        ),
    }
    nodes = (
        Node(Dequantize(), (CODES,), (REAL,)),
        Node(Transpose(), (REAL, ORDER), (TURNED,)),
        Node(Pad(), (TURNED, MARGINS), (WIDE,)),
        Node(Quantize(), (WIDE,), (MADE,)),
    )
    return Graph("moved", tensors, nodes, (CODES,), (MADE,))


def kinds_and_codes(graph: Graph) -> tuple[list[str], np.ndarray]:
    every = np.arange(-128, 128).astype(np.int8).reshape(16, 16)
    kinds = [node.op.kind for node in graph.nodes]
    return kinds, interpret.run(graph, [every])[graph.outputs[0]]


def folded(graph: Graph) -> Graph:
    return remove_dead(fold_float_islands(sink_dequantize(graph)))


def test_what_is_left_is_a_table() -> None:
    graph = moved_in_float(0.3)
    _, before = kinds_and_codes(graph)
    kinds, after = kinds_and_codes(folded(graph))
    assert kinds == ["TRANSPOSE", "PAD", "TABLE"]
    np.testing.assert_array_equal(after, before)


def test_between_equal_quantizations_nothing_is_left() -> None:
    graph = moved_in_float(0.5)
    _, before = kinds_and_codes(graph)
    made = folded(graph)
    kinds, after = kinds_and_codes(made)
    assert kinds == ["TRANSPOSE", "PAD", "QUANTIZE"]
    assert made.operands(made.nodes[-1]).input(0).dtype is DType.INT8
    np.testing.assert_array_equal(after, before)


def test_a_float_output_is_moved_as_codes() -> None:
    graph = moved_in_float(0.5)
    graph = replace(graph, nodes=graph.nodes[:3], outputs=(WIDE,))
    _, before = kinds_and_codes(graph)
    kinds, after = kinds_and_codes(remove_dead(sink_dequantize(graph)))
    assert kinds == ["TRANSPOSE", "PAD", "DEQUANTIZE"]
    np.testing.assert_array_equal(after, before)
