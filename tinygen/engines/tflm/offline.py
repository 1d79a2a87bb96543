"""Our memory plan for TensorFlow Lite Micro: where each tensor lies, as metadata of the model.

TFLM reads an int32 array called OfflineMemoryAllocation: version, number of subgraphs, number of
tensors, then one offset per tensor, -1 for those it shall place itself.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from tinygen import tflite
from tinygen.ir import ABSENT, Alias, Graph, Kernel, KernelCall, Tensor, TensorId
from tinygen.plan import MemoryPlan, plan
from tinygen.tflite import File
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
    file = tflite.parse(content, graph.name)
    memory = _plan_file(file, graph) if graph.states else plan_graph(graph)
    count = sum(len(part.tensors) for part in (file, *file.subgraphs))
    offsets = tuple(memory.offsets.get(i, -1) for i in range(count))
    values = struct.pack(f"<{3 + count}i", 1, 1, count, *offsets)
    front = with_metadata(content, NAME, values, _ALIGNMENT)
    return Planned(front.content, front.original, memory, offsets)


def plan_graph(graph: Graph) -> MemoryPlan:
    """Offsets for every tensor that is not constant, as TFLM's kernels need it.

    Those write outputs before the last read of inputs, so no output lies on its input; only
    RESHAPE, which then has nothing to copy. Scratch is TFLM's own, around our tensors.
    """
    edges = (*graph.inputs, *graph.outputs)
    steps = tuple(
        _step(node.op.kind, node.inputs, node.outputs, graph.tensors, edges) for node in graph.nodes
    )
    return plan(steps, graph.tensors, graph.inputs, graph.outputs)


def _plan_file(file: File, graph: Graph) -> MemoryPlan:
    """The same for a model with variables. The interpreter has memory of its own for them, and
    tensors for what is read of them and assigned."""
    tensors = {
        i: graph.tensors[i] if raw.data is not None else replace(graph.tensors[i], data=None)
        for i, raw in enumerate(file.tensors)
        if i in graph.tensors and not raw.variable and graph.tensors[i].elements
    }
    edges = (*file.inputs, *file.outputs)
    calls = [
        (
            call.kind,
            tuple(i for i in call.inputs if i in tensors),
            tuple(i for i in call.outputs if i in tensors),
        )
        for call in file.calls
    ]
    steps = tuple(_step(*call, tensors, edges) for call in calls if call[1] or call[2])
    return plan(steps, tensors, file.inputs, file.outputs)


def _step(
    kind: str,
    inputs: Sequence[TensorId],
    outputs: Sequence[TensorId],
    tensors: Mapping[TensorId, Tensor],
    edges: Collection[TensorId],
) -> KernelCall | Alias:
    present = tuple(i for i in inputs if i != ABSENT)
    moves = kind == "RESHAPE" and not tensors[present[0]].constant
    # The host writes inputs and reads outputs: each stays a tensor of its own.
    if moves and present[0] not in edges and outputs[0] not in edges:
        return Alias(present[0], outputs[0])
    return KernelCall(Kernel("tflm", kind), present, tuple(outputs))
