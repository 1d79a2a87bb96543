"""Variables of a file -> states of the graph: what one inference leaves for the next.

VAR_HANDLE names a variable, CALL_ONCE gives it its first value, READ_VARIABLE and ASSIGN_VARIABLE
move it. In the graph none of them is left: who reads a variable reads what was assigned last, in
the same inference or in the one before, which is a state. So no pass can reorder them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Graph, Node, State, Tensor, TensorId
from tinygen.ops.parse import Parser
from tinygen.tflite.parse import FORGETS, Call, File, FileTensor, parse
from tinygen.tflite.write import with_metadata

KINDS = ("ASSIGN_VARIABLE", "CALL_ONCE", "READ_VARIABLE", "VAR_HANDLE")
"""The operators that are no nodes of a graph."""

_RESOURCE = "RESOURCE"
_Name = tuple[str, str]
"""A variable's, as the file has it: container and shared name."""


@dataclass(frozen=True, eq=False)
class Variables:
    """`tensors` are those of the graph, `instead` what is read in place of a variable's value."""

    tensors: Mapping[TensorId, Tensor]
    states: tuple[State, ...]
    instead: Mapping[TensorId, TensorId]


def is_handle(tensor: FileTensor) -> bool:
    """Whether a tensor of a file stands for a variable and holds nothing."""
    return tensor.type == _RESOURCE


def places(file: File) -> tuple[int, ...]:
    """For each node of the file's graph the position of its operator in the file."""
    return tuple(i for i, call in enumerate(file.calls) if call.kind not in KINDS)


def variables(file: File) -> dict[_Name, int]:
    """The variables that a file names, and how many bytes each has of which is known what it
    holds; else 0."""
    sizes: dict[_Name, int] = {}
    for part in (file, *file.subgraphs):
        handles = _handles(part)
        sizes.update({name: sizes.get(name, 0) for name in handles.values()})
        for call in part.calls:
            if call.kind == "ASSIGN_VARIABLE":
                sizes[_named(call, handles)] = part.tensors[call.inputs[1]].nbytes
    return sizes


def without_variables(
    file: File,
    tensors: Mapping[TensorId, Tensor],
    constants: Collection[Mapping[TensorId, Tensor]],
) -> Variables:
    """The states that the file's variables are. `tensors` are the main graph's, `constants` those
    of each other subgraph."""
    handles = _handles(file)
    first = _first_values(file, constants)
    now: dict[_Name, TensorId] = {}
    reads: dict[_Name, TensorId] = {}
    instead: dict[TensorId, TensorId] = {}
    assigned: set[_Name] = set()
    for call in file.calls:
        if call.kind == "READ_VARIABLE":
            name, target = _named(call, handles), call.outputs[0]
            if name in now:
                instead[target] = now[name]
            else:
                now[name] = reads[name] = target
        elif call.kind == "ASSIGN_VARIABLE":
            name, source = _named(call, handles), call.inputs[1]
            now[name] = instead.get(source, source)
            assigned.add(name)
    known = dict(tensors)
    states = []
    for name, read in reads.items():
        initial = first.get(name)
        if initial is None:
            initial = start(tensors[read])
        if name not in assigned:  # it is never changed
            known[read] = replace(tensors[read], data=initial)
        else:
            states.append(State(read, now[name], initial))
    return Variables(known, tuple(states), instead)


def forgetting(content: bytes) -> bytes:
    """The file, said to forget with each inference."""
    return with_metadata(content, FORGETS, b"1", alignment=16).content


def forgets(content: bytes) -> bool:
    """Whether the file says so. Hardly any has the word, and no other is read for it once more."""
    return FORGETS.encode() in content and parse(content, "").forgets


def with_inner_states(
    graph: Graph, variables: Collection[TensorId], *, forgets: bool = False
) -> Graph:
    """The graph whose operators with memory of their own (`Op.memory`) give what they leave there
    as outputs; `variables` are the file's tensors that such memory is in. Where the model
    `forgets`, it is constant, and nobody reads what is left."""
    nodes, states, added = [], list(graph.states), dict(graph.tensors)
    owners: dict[TensorId, Node] = {}
    for node in graph.nodes:
        mine = [node.inputs[i] for i in node.op.memory if i < len(node.inputs)]
        left = []
        for read in mine:
            if read not in variables or read in owners:
                raise UnsupportedModel(
                    f"{node.op.kind} keeps its state in a tensor that is not its own",
                    why="the file does not say that it is a variable, or another operator has it",
                    next_step="convert the model again",
                )
            tensor = added[read]
            owners[read] = node
            written = max(added) + 1
            added[written] = replace(tensor, id=written, name=f"{tensor.name} left")
            left.append(written)
            if forgets:
                added[read] = replace(tensor, data=start(tensor))
            else:
                states.append(State(read, written, start(tensor)))
        nodes.append(replace(node, outputs=(*node.outputs, *left)) if left else node)
    stray = [i for i in variables if i not in owners and graph.readers(i)]
    if stray:
        kind = graph.readers(stray[0])[0].op.kind
        raise UnsupportedModel(
            f"tensor '{added[stray[0]].name}' keeps state between inferences",
            why=f"it is an input of {kind}, which has no state as it is compiled",
            next_step="convert the model again",
        )
    return replace(graph, nodes=tuple(nodes), states=tuple(states), tensors=added)


def start(tensor: Tensor) -> Array:
    """What a variable holds for which the file has no value: in int8 the zero point, else 0."""
    coded = tensor.dtype is DType.INT8 and tensor.quant is not None
    fill = tensor.quant.zero_points[0] if coded and tensor.quant is not None else 0
    return np.full(tensor.shape, fill, tensor.dtype.numpy)


def _handles(file: File) -> dict[TensorId, _Name]:
    names: dict[TensorId, _Name] = {}
    for call in file.calls:
        if call.kind == "VAR_HANDLE":
            parser = Parser(call.kind, call.options, call.options_type)
            options = parser.required(tflite.VarHandleOptions)
            texts = options.Container() or b"", options.SharedName() or b""
            names[call.outputs[0]] = (
                texts[0].decode("utf-8", "replace"),
                texts[1].decode("utf-8", "replace"),
            )
    return names


def _named(call: Call, handles: Mapping[TensorId, _Name]) -> _Name:
    """The variable of a READ_VARIABLE or an ASSIGN_VARIABLE."""
    counts = (1, 1) if call.kind == "READ_VARIABLE" else (2, 0)
    if (len(call.inputs), len(call.outputs)) != counts or call.inputs[0] not in handles:
        raise UnsupportedModel(
            f"{call.kind} names no variable that a VAR_HANDLE before it has",
            why="which one it means would have to be worked out by each inference",
            next_step="convert the model again",
        )
    return handles[call.inputs[0]]


def _first_values(
    file: File, constants: Collection[Mapping[TensorId, Tensor]]
) -> dict[_Name, Array]:
    """What CALL_ONCE assigns before the first inference: constants."""
    values: dict[_Name, Array] = {}
    for subgraph, tensors in zip(file.subgraphs, constants, strict=True):
        handles = _handles(subgraph)
        for call in subgraph.calls:
            if call.kind == "VAR_HANDLE":
                continue
            name = _named(call, handles) if call.kind == "ASSIGN_VARIABLE" else ("", "")
            data = tensors[call.inputs[1]].data if call.kind == "ASSIGN_VARIABLE" else None
            if data is None:
                raise UnsupportedModel(
                    f"a variable of '{file.name}' starts as what {call.kind} computes",
                    why="CALL_ONCE is compiled where it assigns constants",
                    next_step="give the variables constant first values",
                )
            values[name] = data
    return values
