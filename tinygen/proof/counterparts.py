"""Which tensor of the float model an int8 tensor stands for, where that is certain.

Both models are converted from one function, so that their operators are the same, but for QUANTIZE
and what the converter fuses only in one of them. An operator's counterpart is one of its kind, with
outputs of its shapes, that reads the counterparts of what it reads: certain by the structure. Of
several such ones the converter's own name decides. Where something before it has no counterpart,
the name has to be the same, and the weights nearly so. What is not certain is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import ABSENT, Array, DType, Graph, Node, Tensor, TensorId
from tinygen.tflite import Call, File, FileTensor

_CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")
_SAME_WEIGHTS = 0.3
"""Weights of one layer differ by rounding: less than this share of their norm."""


@dataclass(frozen=True)
class Counterparts:
    """`tensors` are by the ids of the int8 graph, `nodes` the positions of its nodes that have one;
    `left_out` says of the positions of others why not."""

    tensors: Mapping[TensorId, TensorId]
    nodes: tuple[int, ...]
    left_out: Mapping[int, str]


def counterparts(graph: Graph, file: File) -> Counterparts:
    """Of the int8 `graph` in the float `file`, whose inputs are the same in the same order."""
    tensors = dict(zip(graph.inputs, file.inputs, strict=True))
    free = list(range(len(file.calls)))
    nodes, left_out = [], {}
    for position, node in enumerate(graph.nodes):
        if node.op.kind in _CONVERSIONS:
            left_out[position] = "the float model has none: nothing is rounded there"
            if node.inputs[0] in tensors:
                tensors[node.outputs[0]] = tensors[node.inputs[0]]
            continue
        found = _Search(graph, node, file, tensors).among(free)
        if isinstance(found, str):
            left_out[position] = found
            continue
        free.remove(found)
        nodes.append(position)
        tensors.update(_made(node, file.calls[found]))
    return Counterparts(tensors, tuple(nodes), left_out)


def _made(node: Node, call: Call) -> Iterator[tuple[TensorId, TensorId]]:
    """Both outputs, in pairs. What the node leaves for the next inference is behind them: a file
    has no tensor of it that is written."""
    return zip(node.outputs, call.outputs, strict=False)


class _Search:
    """For the counterpart of one node."""

    def __init__(
        self, graph: Graph, node: Node, file: File, known: Mapping[TensorId, TensorId]
    ) -> None:
        self._graph, self._node, self._file = graph, node, file
        self._name = graph.tensors[node.outputs[0]].name
        reads = {
            position: tensor
            for position, tensor in enumerate(node.inputs)
            if tensor != ABSENT
            and not graph.tensors[tensor].constant
            and position not in node.op.memory
        }
        self._certain = all(tensor in known for tensor in reads.values())
        self._reads = {position: known.get(tensor) for position, tensor in reads.items()}

    def among(self, free: Sequence[int]) -> int | str:
        """The position of the call, or why there is none."""
        alike = [place for place in free if self._alike(self._file.calls[place])]
        if self._certain:
            alike = [place for place in alike if self._reads_the_same(self._file.calls[place])]
            if len(alike) == 1:
                return alike[0]
        named = [place for place in alike if self._named(self._file.calls[place]) == self._name]
        if len(named) == 1 and (self._certain or self._weighs_the_same(self._file.calls[named[0]])):
            return named[0]
        if not self._certain:
            return "what it reads has no counterpart in the float model"
        if alike:
            return f"the float model has {len(alike)} operators that it could be"
        return "the float model has no operator like it"

    def _alike(self, call: Call) -> bool:
        return call.kind == self._node.op.kind and all(
            self._graph.tensors[mine].shape == self._file.tensors[its].shape
            for mine, its in _made(self._node, call)
        )

    def _reads_the_same(self, call: Call) -> bool:
        return self._reads == {
            position: tensor
            for position, tensor in enumerate(call.inputs)
            if tensor != ABSENT and _is_given(self._file.tensors[tensor])
        }

    def _named(self, call: Call) -> str:
        return self._file.tensors[call.outputs[0]].name

    def _weighs_the_same(self, call: Call) -> bool:
        """Whether there are weights, and they are those of the node but for rounding."""
        pairs = zip(self._node.inputs, call.inputs, strict=False)
        for mine, its in pairs:
            if ABSENT in (mine, its) or not self._graph.tensors[mine].constant:
                continue
            weights = weights_of(self._graph.tensors[mine])
            others = float_data(self._file, its)
            if weights is None or others is None or weights.shape != others.shape:
                return False
            return bool(np.linalg.norm(weights - others) <= _SAME_WEIGHTS * np.linalg.norm(others))
        return False


def _is_given(tensor: FileTensor) -> bool:
    """Whether it is neither constant nor what an operator remembers."""
    return tensor.data is None and not tensor.variable


def weights_of(tensor: Tensor) -> Array | None:
    """A quantized constant as the float64 values that it stands for; None for other tensors."""
    if tensor.data is None or tensor.quant is None or tensor.dtype is DType.FLOAT32:
        return None
    quant = tensor.quant
    shape = [1] * tensor.data.ndim
    if len(quant.scales) > 1:
        shape[quant.axis] = -1
    scales = np.asarray(quant.scales, np.float64).reshape(shape)
    zeros = np.asarray(quant.zero_points, np.float64).reshape(shape)
    return np.asarray(scales * (tensor.data.astype(np.float64) - zeros))


def float_data(file: File, tensor: TensorId) -> Array | None:
    """A float32 constant of the file, as float64; None for other tensors."""
    found = file.tensors[tensor]
    if found.data is None or found.type != "FLOAT32":
        return None
    return found.data.view("<f4").reshape(found.shape).astype(np.float64)
