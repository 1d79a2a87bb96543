"""Our memory plan for TensorFlow Lite Micro: where each tensor lies, as metadata of the model.

TFLM reads an int32 array called OfflineMemoryAllocation: version, number of subgraphs, number of
tensors, then one offset per tensor, -1 for those it shall place itself. It is added in front of
the file: references inside a flatbuffer only point forward, so a new root can use everything
behind it, and from `Planned.original` on the bytes are the model as it was.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tinygen.ir import ABSENT, Alias, Graph, KernelCall, Node
from tinygen.plan import MemoryPlan, plan

NAME = "OfflineMemoryAllocation"
_ALIGNMENT = 16
"""Bytes: of the data of buffers, and of every tensor that TFLM places."""

_FIELDS = 8
_OPERATOR_CODES, _SUBGRAPHS, _DESCRIPTION, _BUFFERS, _METADATA_BUFFER, _METADATA, _SIGNATURES = (
    *range(1, _FIELDS),
)


@dataclass(frozen=True)
class Planned:
    """A model with a memory plan in front. `original` is where the model as it was begins."""

    content: bytes
    original: int
    plan: MemoryPlan


def with_plan(content: bytes, graph: Graph) -> Planned:
    """The .tflite file `content` with our plan for `graph`, which is the file as read."""
    memory = plan_graph(graph)
    offsets = [memory.offsets.get(i, -1) for i in range(len(graph.tensors))]
    return prepend(content, offsets, memory)


def plan_graph(graph: Graph) -> MemoryPlan:
    """Offsets for every tensor that is not constant, as TFLM's kernels need it.

    Those write outputs before the last read of inputs, so no output lies on its input; only
    RESHAPE, which then has nothing to copy. Scratch is TFLM's own, around our tensors.
    """
    steps = tuple(_step(node, graph) for node in graph.nodes)
    return plan(steps, graph.tensors, graph.inputs, graph.outputs)


def _step(node: Node, graph: Graph) -> KernelCall | Alias:
    inputs = tuple(i for i in node.inputs if i != ABSENT)
    moves = node.op.kind == "RESHAPE" and not graph.tensors[inputs[0]].constant
    # The host writes inputs and reads outputs: each stays a tensor of its own.
    edges = (*graph.inputs, *graph.outputs)
    if moves and inputs[0] not in edges and node.outputs[0] not in edges:
        return Alias(inputs[0], node.outputs[0])
    return KernelCall(node.op.kind, inputs, node.outputs)


def prepend(content: bytes, offsets: list[int], memory: MemoryPlan) -> Planned:
    """`content` behind a new root that also has the offsets."""
    old = _Root(content)
    array = struct.pack(f"<{3 + len(offsets)}i", 1, 1, len(offsets), *offsets)
    name = NAME.encode()
    buffers = old.vector(_BUFFERS)
    metadata = old.vector(_METADATA)
    front = bytearray(struct.pack("<I4s", 0, b"TFL3"))

    def reserve(size: int, alignment: int = 4) -> int:
        front.extend(bytes(-len(front) % alignment))
        front.extend(bytes(size))
        return len(front) - size

    vtable = reserve(4 + 2 * _FIELDS)
    table = reserve(4 + 4 * _FIELDS)
    buffers_at = reserve(4 + 4 * (len(buffers) + 1))
    metadata_at = reserve(4 + 4 * (len(metadata) + 1))
    # Two small tables share the layout: a vtable with one or two fields, then the table.
    buffer_vtable = reserve(6, 4)
    buffer_table = reserve(8)
    entry_vtable = reserve(8, 4)
    entry_table = reserve(12)
    name_at = reserve(4 + len(name) + 1)
    array_at = reserve(4 + len(array) + _ALIGNMENT)
    array_at += -(array_at + 4) % _ALIGNMENT
    reserve(0, _ALIGNMENT)
    size = len(front)

    def put(position: int, form: str, *values: int) -> None:
        struct.pack_into("<" + form, front, position, *values)

    def refer(position: int, target: int) -> None:
        put(position, "I", target - position)

    refer(0, table)
    put(vtable, "HH", 4 + 2 * _FIELDS, 4 + 4 * _FIELDS)
    put(table, "i", table - vtable)
    put(vtable + 4, "H", 4)
    put(table + 4, "I", old.version)
    targets = {_BUFFERS: buffers_at, _METADATA: metadata_at}
    for field in (_OPERATOR_CODES, _SUBGRAPHS, _DESCRIPTION, _METADATA_BUFFER, _SIGNATURES):
        target = old.reference(field)
        if target is not None:
            targets[field] = size + target
    for field, target in targets.items():
        put(vtable + 4 + 2 * field, "H", 4 + 4 * field)
        refer(table + 4 + 4 * field, target)
    for at, old_items, new_item in (
        (buffers_at, buffers, buffer_table),
        (metadata_at, metadata, entry_table),
    ):
        put(at, "I", len(old_items) + 1)
        for i, item in enumerate([*(size + target for target in old_items), new_item]):
            refer(at + 4 + 4 * i, item)
    put(buffer_vtable, "HHH", 6, 8, 4)
    put(buffer_table, "i", buffer_table - buffer_vtable)
    refer(buffer_table + 4, array_at)
    put(entry_vtable, "HHHH", 8, 12, 4, 8)
    put(entry_table, "i", entry_table - entry_vtable)
    refer(entry_table + 4, name_at)
    put(entry_table + 8, "I", len(buffers))
    put(name_at, "I", len(name))
    front[name_at + 4 : name_at + 4 + len(name)] = name
    put(array_at, "I", len(array))
    front[array_at + 4 : array_at + 4 + len(array)] = array
    return Planned(bytes(front) + content, size, memory)


class _Root:
    """The root table of a .tflite file that has been read before, so is whole."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._table = self._number("I", 0)
        self._vtable = self._table - self._number("i", self._table)
        self._vtable_size = self._number("H", self._vtable)

    @property
    def version(self) -> int:
        at = self._field(0)
        return 0 if at is None else self._number("I", at)

    def reference(self, field: int) -> int | None:
        """Where what the field refers to is, None when the file has no such field."""
        at = self._field(field)
        return None if at is None else at + self._number("I", at)

    def vector(self, field: int) -> list[int]:
        """Where the tables of a vector are."""
        at = self.reference(field)
        if at is None:
            return []
        items = range(at + 4, at + 4 + 4 * self._number("I", at), 4)
        return [item + self._number("I", item) for item in items]

    def _field(self, field: int) -> int | None:
        entry = 4 + 2 * field
        if entry + 2 > self._vtable_size:
            return None
        offset = self._number("H", self._vtable + entry)
        return self._table + offset if offset else None

    def _number(self, form: str, at: int) -> int:
        value: int = struct.unpack_from("<" + form, self._content, at)[0]
        return value
