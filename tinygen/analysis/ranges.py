"""Value ranges: what every tensor and every accumulator can hold, whatever the input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinygen.ir import ABSENT, Given, Graph, Interval, Tensor, TensorId


@dataclass(frozen=True, eq=False)
class Facts:
    """Intervals of a graph. Float tensors have none."""

    ranges: Mapping[TensorId, Interval]
    """Of every integer tensor, per channel of its last dimension or for all of it."""
    accumulators: Mapping[TensorId, Interval]
    """Of the exact sums behind an output, by its id, per channel of it."""


def facts(graph: Graph) -> Facts:
    """Propagates the types' ranges of inputs and states, and constants' values, through `graph`.

    Raises UnsupportedModel where an operator does not compute on what it is given.
    """
    known = {i: _of_tensor(tensor) for i, tensor in graph.tensors.items()}
    accumulators: dict[TensorId, Interval] = {}
    for node in graph.nodes:
        io = graph.operands(node)
        node.op.check(io)
        inputs = Given([None if i == ABSENT else known[i] for i in node.inputs])
        sums = node.op.accumulators(io, inputs)
        found = zip(io.outputs, node.op.ranges_of(io, inputs, sums), strict=True)
        known.update({t.id: interval for t, interval in found if t.elements})
        if sums is not None:
            accumulators[node.outputs[0]] = sums
    ranges = {i: known[i] for i, tensor in graph.tensors.items() if tensor.dtype.integer}
    return Facts(ranges, accumulators)


def _of_tensor(tensor: Tensor) -> Interval:
    """Before anything is computed."""
    if tensor.data is not None and tensor.data.size and tensor.dtype.integer:
        return Interval.of_values(tensor.data)
    return Interval.of_type(tensor.dtype)
