"""A float function between DEQUANTIZE and QUANTIZE, or nothing, becomes a table of int8 codes.

The converter leaves functions that it has no int8 form of in float, alone among int8 operators.
Such an island of one input maps each of 256 codes to one code. The table is what TFLM computes of
the file, whichever C library its float functions come from: where a code would hang on the last
bits of such a function, the model is refused.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Graph, Node
from tinygen.ops import FloatFunction, Table


def fold_float_islands(graph: Graph) -> Graph:
    """The graph with a table for each island; the float operators go as dead code."""
    return replace(graph, nodes=tuple(_folded(graph, node) for node in graph.nodes))


def _folded(graph: Graph, node: Node) -> Node:
    """The table that a QUANTIZE at the end of an island becomes; any other node as it is."""
    if node.op.kind != "QUANTIZE" or graph.tensors[node.inputs[0]].dtype is not DType.FLOAT32:
        return node
    function = graph.writer(node.inputs[0])
    entry = function
    if function is not None and isinstance(function.op, FloatFunction):
        entry = graph.writer(function.inputs[0])
    if function is None or entry is None or entry.op.kind != "DEQUANTIZE":
        return node
    source, target = graph.tensors[entry.inputs[0]], graph.tensors[node.outputs[0]]
    if function is entry and source.quant == target.quant:
        return replace(node, inputs=entry.inputs)  # nothing happens in between
    results = _results(graph, entry, None if function is entry else function, node)
    table = Table(function.op.kind, tuple(int(code) for code in results))
    return Node(table, entry.inputs, node.outputs)


def _results(graph: Graph, entry: Node, function: Node | None, exit_: Node) -> Array:
    """The island's code for each code from -128 on."""
    codes = np.arange(-128, 128).astype(np.int8)
    (values,) = entry.op.reference(graph.operands(entry), (codes,))
    if function is None:
        return exit_.op.reference(graph.operands(exit_), (values,))[0]
    assert isinstance(function.op, FloatFunction)
    low, high = (
        exit_.op.reference(graph.operands(exit_), (bound,))[0]
        for bound in function.op.bounds(graph.operands(function), values)
    )
    if not np.array_equal(low, high):
        name = graph.tensors[function.outputs[0]].name
        code = int(codes[np.flatnonzero(low != high)[0]])
        raise UnsupportedModel(
            f"{function.op.kind} '{name}' cannot be compiled exactly",
            why=f"its result for the code {code} lies between two int8 values so closely that the"
            " last bits of the C library's exp decide",
            next_step="quantize with other calibration data (some samples more or less), which"
            " moves the scale",
        )
    return low
