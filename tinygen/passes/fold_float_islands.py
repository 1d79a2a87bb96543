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

_MOST_STEPS = 2.0**31 - 256
"""Of int32, and room for a zero point."""


def fold_float_islands(graph: Graph) -> Graph:
    """The graph with a table for each island; the float operators go as dead code."""
    return replace(graph, nodes=tuple(_folded(graph, node) for node in graph.nodes))


def undefined(graph: Graph) -> str:
    """Of which island, before it is folded, some code's result is no number, or none that int32
    holds when it is quantized: what becomes of it then is left to the processor. Empty where there
    is none."""
    for node in graph.nodes:
        if (island := _island(graph, node)) is None:
            continue
        entry, function = island
        scale = np.float32(graph.tensors[node.outputs[0]].q.scale)
        with np.errstate(all="ignore"):
            steps = [np.abs(bound / scale) for bound in _bounds(graph, entry, function)]
        outside = (_values(graph, entry) < _least(function)).any()
        if outside or not all((step < _MOST_STEPS).all() for step in steps):
            kind = (function or entry).op.kind
            name = graph.tensors[node.inputs[0]].name
            return f"{kind} '{name}' has no number for some inputs, or one that int32 does not hold"
    return ""


def _island(graph: Graph, node: Node) -> tuple[Node, Node | None] | None:
    """The DEQUANTIZE and the function, if any, of an island whose QUANTIZE is `node`."""
    if node.op.kind != "QUANTIZE" or graph.tensors[node.inputs[0]].dtype is not DType.FLOAT32:
        return None
    function = graph.writer(node.inputs[0])
    entry = function
    if function is not None and isinstance(function.op, FloatFunction):
        entry = graph.writer(function.inputs[0])
    if function is None or entry is None or entry.op.kind != "DEQUANTIZE":
        return None
    return entry, None if function is entry else function


def _folded(graph: Graph, node: Node) -> Node:
    """The table that a QUANTIZE at the end of an island becomes; any other node as it is."""
    if (island := _island(graph, node)) is None:
        return node
    entry, function = island
    source, target = graph.tensors[entry.inputs[0]], graph.tensors[node.outputs[0]]
    if function is None and source.quant == target.quant:
        return replace(node, inputs=entry.inputs)  # nothing happens in between
    results = _results(graph, entry, function, node)
    table = Table((function or entry).op.kind, tuple(int(code) for code in results))
    return Node(table, entry.inputs, node.outputs)


def _results(graph: Graph, entry: Node, function: Node | None, exit_: Node) -> Array:
    """The island's code for each code from -128 on."""
    low, high = (
        exit_.op.reference(graph.operands(exit_), (bound,))[0]
        for bound in _bounds(graph, entry, function)
    )
    if function is not None and not np.array_equal(low, high):
        name = graph.tensors[function.outputs[0]].name
        code = int(np.flatnonzero(low != high)[0]) - 128
        raise UnsupportedModel(
            f"{function.op.kind} '{name}' cannot be compiled exactly",
            why=f"its result for the code {code} lies between two int8 values so closely that the"
            " last bits of the C library's exp decide",
            next_step="quantize with other calibration data (some samples more or less), which"
            " moves the scale",
        )
    return low


def _bounds(graph: Graph, entry: Node, function: Node | None) -> tuple[Array, Array]:
    """Between which float32 values the island's result for each code from -128 on lies."""
    values = _values(graph, entry)
    if function is None:
        return values, values
    assert isinstance(function.op, FloatFunction)
    return function.op.bounds(graph.operands(function), values)


def _least(function: Node | None) -> float:
    return function.op.least if function and isinstance(function.op, FloatFunction) else -np.inf


def _values(graph: Graph, entry: Node) -> Array:
    """What each code from -128 on stands for."""
    codes = np.arange(-128, 128).astype(np.int8)
    return entry.op.reference(graph.operands(entry), (codes,))[0]
