"""Operators that move codes, where the converter gave what they make another quantization.

It does that to a REVERSE_V2 in front of a CONCATENATION (Bidirectional layers that return every
step): each runtime copies the codes all the same, so that they come to mean other numbers.
"""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.ops.move import Move


def moves_that_rescale(graph: Graph) -> tuple[int, ...]:
    """The positions of the nodes that move one int8 tensor into one of another quantization."""
    found = []
    for position, node in enumerate(graph.nodes):
        if not isinstance(node.op, Move):
            continue
        io = graph.operands(node)
        moved = node.op.moved(io)
        if len(moved) != 1 or moved[0] is not io.inputs[0]:
            continue
        (source,) = moved
        targets = [tensor for tensor in io.outputs if tensor.dtype is DType.INT8]
        if source.dtype is DType.INT8 and any(target.quant != source.quant for target in targets):
            found.append(position)
    return tuple(found)
