"""Our memory plan for TensorFlow Lite Micro: where each tensor lies, as metadata of the model.

TFLM reads an int32 array called OfflineMemoryAllocation: version, number of subgraphs, number of
tensors, then one offset per tensor, -1 for those it shall place itself.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tinygen.ir import ABSENT, Alias, Graph, Kernel, KernelCall, Node
from tinygen.plan import MemoryPlan, plan
from tinygen.tflite.write import with_metadata

NAME = "OfflineMemoryAllocation"
_ALIGNMENT = 16
"""Bytes: of the data of buffers, and of every tensor that TFLM places."""


@dataclass(frozen=True)
class Planned:
    """A model with a memory plan in front. `original` is where the model as it was begins."""

    content: bytes
    original: int
    plan: MemoryPlan
    offsets: tuple[int, ...]
    """Where each tensor lies, -1 where TFLM is to say."""


def with_plan(content: bytes, graph: Graph) -> Planned:
    """The .tflite file `content` with our plan for `graph`, which is the file as read."""
    memory = plan_graph(graph)
    offsets = tuple(memory.offsets.get(i, -1) for i in range(len(graph.tensors)))
    values = struct.pack(f"<{3 + len(offsets)}i", 1, 1, len(offsets), *offsets)
    front = with_metadata(content, NAME, values, _ALIGNMENT)
    return Planned(front.content, front.original, memory, offsets)


def plan_graph(graph: Graph) -> MemoryPlan:
    """Offsets for every tensor that is not constant, as TFLM's kernels need it.

    Those write outputs before the last read of inputs, so no output lies on its input; only
    RESHAPE, which then has nothing to copy. Scratch is TFLM's own, around our tensors.
    """
    steps = tuple(_step(node, graph) for node in graph.nodes)
    return plan(steps, graph.tensors, graph.inputs, graph.outputs, graph.states)


def _step(node: Node, graph: Graph) -> KernelCall | Alias:
    inputs = tuple(i for i in node.inputs if i != ABSENT)
    moves = node.op.kind == "RESHAPE" and not graph.tensors[inputs[0]].constant
    # The host writes inputs and reads outputs: each stays a tensor of its own.
    edges = (*graph.inputs, *graph.outputs)
    if moves and inputs[0] not in edges and node.outputs[0] not in edges:
        return Alias(inputs[0], node.outputs[0])
    return KernelCall(Kernel("tflm", node.op.kind), inputs, node.outputs)
