"""Operators that move codes, where the converter gave what they make another quantization.

It does that to a REVERSE_V2 in front of a CONCATENATION (Bidirectional layers that return every
step), and to an LSTM, whose output is its hidden state step by step: each runtime copies the codes
all the same, so that they come to mean other numbers.
"""

from __future__ import annotations

from tinygen.ir import DType, Graph
from tinygen.ops.move import Move
from tinygen.ops.unidirectional_sequence_lstm import UnidirectionalSequenceLstm


def moves_that_rescale(graph: Graph) -> dict[int, int]:
    """The positions of the nodes that move one int8 tensor into one of another quantization, and
    which of their inputs it is."""
    found = {}
    for position, node in enumerate(graph.nodes):
        io = graph.operands(node)
        place = node.op.memory[0] if node.op.memory else 0
        if isinstance(node.op, Move):
            moved = node.op.moved(io)
            if len(moved) != 1 or moved[0] is not io.inputs[0]:
                continue
        elif not isinstance(node.op, UnidirectionalSequenceLstm):
            continue
        source = io.input(place)
        targets = [tensor for tensor in io.outputs if tensor.dtype is DType.INT8]
        if source.dtype is DType.INT8 and any(target.quant != source.quant for target in targets):
            found[position] = place
    return found
