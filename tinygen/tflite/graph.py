"""File -> Graph: tensors of the types and operators of the kinds that are compiled."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from tinygen.errors import UnsupportedModel, UnsupportedOperators
from tinygen.ir import Array, DType, Graph, Node, Quant, Tensor, TensorId
from tinygen.ops import BY_KIND
from tinygen.ops.parse import Parser
from tinygen.tflite.int4 import INT4, require_weights, unpacked
from tinygen.tflite.parse import DTYPES, MALFORMED, Call, File, FileTensor, damaged, parse
from tinygen.tflite.states import (
    KINDS,
    is_handle,
    places,
    with_inner_states,
    without_variables,
)

_MAX_RANK = 6


def read(content: bytes, name: str) -> Graph:
    """The graph of a .tflite file, called `name`. Raises as `tflite.parse` and `graph` do."""
    return graph(parse(content, name), name)


def graph(file: File, name: str) -> Graph:
    """The graph of the file, called `name`, its structure checked.

    Shapes are as the file declares them; `passes.simplify` works them out and checks them.

    Raises UnsupportedModel when the model holds something that is not compiled, InputError where
    an operator's attributes lie outside of the file.
    """
    parts = {"inputs": file.inputs, "outputs": file.outputs, "operators": file.calls}
    missing = [name for name, part in parts.items() if not part]
    if missing:
        raise UnsupportedModel(
            f"'{file.name}' computes nothing",
            why=f"it has no {' and no '.join(missing)}",
            next_step="save or convert the whole model again",
        )
    try:
        tensors = _tensors(file)
        tensors |= _empty(file, tensors)
        _require_compiled(file)
        require_weights(file)
        kept = without_variables(file, tensors, [_tensors(part) for part in file.subgraphs])
        nodes = [_node(file.calls[place]).reading(kept.instead) for place in places(file)]
        outputs = tuple(kept.instead.get(i, i) for i in file.outputs)
    except MALFORMED as error:
        raise damaged(file.name, error) from error
    made = with_inner_states(
        Graph(name, kept.tensors, tuple(nodes), file.inputs, outputs, kept.states),
        [i for i, raw in enumerate(file.tensors) if raw.variable],
        forgets=file.forgets,
    )
    made.verify_structure()
    return made


def _tensors(file: File) -> dict[TensorId, Tensor]:
    return {i: _tensor(raw, i) for i, raw in enumerate(file.tensors) if not is_handle(raw)}


def _tensor(raw: FileTensor, tensor_id: TensorId) -> Tensor:
    name = raw.name or f"tensor_{tensor_id}"
    int4 = raw.type == INT4 and raw.data is not None
    dtype = DType.INT8 if int4 else DTYPES.get(raw.type)
    if dtype is None:
        raise UnsupportedModel(
            f"tensor '{name}' has the type {raw.type}",
            why="fully int8-quantized models are compiled",
            next_step="quantize the Keras model with tinygen",
        )
    if raw.sparse:
        raise UnsupportedModel(f"tensor '{name}' is stored sparse, which is not compiled")
    if len(raw.shape) > _MAX_RANK:
        raise UnsupportedModel(f"tensor '{name}' has {len(raw.shape)} dimensions")
    return Tensor(
        id=tensor_id,
        name=name,
        shape=raw.shape,
        dtype=dtype,
        quant=_quant(raw, name, dtype),
        data=unpacked(raw) if int4 else _data(raw, dtype),
        open_axes=frozenset(
            i for i, size in enumerate(raw.signature or ()) if size == -1 and raw.shape[i] == 1
        ),
        int4=int4,
    )


_SCALES = (1e-15, 1e15)
"""Of codes that are computed. The converter makes none below 1e-9; beyond these, shifts of more
than 31 places and quotients that no integer holds come up, of which each runtime makes something
else. Weights may have any: a channel that training made vanish has a scale of next to nothing."""


def _quant(raw: FileTensor, name: str, dtype: DType) -> Quant | None:
    if not raw.scales:
        return None
    if not all(math.isfinite(s) and s > 0 for s in raw.scales):
        raise UnsupportedModel(f"tensor '{name}' has a scale that is not a positive number")
    coded = dtype in (DType.INT8, DType.UINT8, DType.INT16) and raw.data is None
    absurd = [s for s in raw.scales if coded and not _SCALES[0] <= s <= _SCALES[1]]
    if absurd:
        raise UnsupportedModel(
            f"tensor '{name}' has the scale {absurd[0]:g}",
            why="what runtimes compute with such a scale is not defined: it lies outside of"
            f" {_SCALES[0]:g} to {_SCALES[1]:g}",
            next_step="convert the model again, with data that reach every layer",
        )
    points = raw.zero_points
    if len(points) != len(raw.scales):
        raise UnsupportedModel(
            f"tensor '{name}' has {len(raw.scales)} scales and {len(points)} zero points",
            why="LiteRT refuses that, and TensorFlow Lite Micro takes it for not quantized",
            next_step="convert the model again",
        )
    if not 0 <= raw.axis < max(1, len(raw.shape)):
        raise UnsupportedModel(
            f"tensor '{name}' {list(raw.shape)} is quantized along dimension {raw.axis}",
            why="it has no such dimension",
            next_step="convert the model again",
        )
    beyond = [p for p in points if dtype.integer and not dtype.low <= p <= dtype.high]
    if beyond:
        raise UnsupportedModel(
            f"tensor '{name}' has the zero point {beyond[0]}, which is no {dtype.value}",
            why="the zero point is the code of real zero, so it is one of the type's own",
            next_step="convert the model again",
        )
    return Quant(raw.scales, points, raw.axis)


def _data(raw: FileTensor, dtype: DType) -> Array | None:
    """A constant's elements: where this computer's bytes are the file's, no copy of them."""
    if raw.data is None:
        return None
    elements = raw.data.view(dtype.numpy.newbyteorder("<"))
    data = elements.astype(dtype.numpy, copy=False).reshape(raw.shape)
    data.flags.writeable = False
    return data


def _empty(file: File, tensors: dict[TensorId, Tensor]) -> dict[TensorId, Tensor]:
    """Constants without an element, as a RESHAPE to one number has: their buffers hold nothing, as
    those of what is computed do."""
    made = {*file.inputs, *(i for call in file.calls for i in call.outputs)}
    return {
        i: replace(t, data=np.empty(t.shape, t.dtype.numpy))
        for i, t in tensors.items()
        if t.data is None and not t.elements and i not in made
    }


def _require_compiled(file: File) -> None:
    missing: dict[str, list[str]] = {}
    for call in file.calls:
        if call.kind not in BY_KIND and call.kind not in KINDS:
            made = [file.tensors[i].name or f"tensor_{i}" for i in call.outputs[:1]]
            missing.setdefault(call.kind, []).extend(made or ["nothing"])
    if missing:
        raise UnsupportedOperators(file.name, missing)


def _node(call: Call) -> Node:
    parser = Parser(call.kind, call.options, call.options_type)
    return Node(BY_KIND[call.kind].parse(parser), call.inputs, call.outputs)
