"""Files of one operator each, as converters of all kinds write them, int8 or with numbers that
pick; of comparisons with what chooses by them; and files with edges of each type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.coverage.kinds import FILE, Build, Kind
from tests.ops.drawn import DRAWN, drawn
from tests.ops.harness import Case
from tests.ops.network_file import Network
from tests.ops.tflite_file import single_operator
from tinygen.ir import DType, Tensor

_TRIED = 40
_EDGES = {
    DType.FLOAT32: ((1.0, 0), (1.0, 0)),
    DType.UINT8: ((0.1, 131), (1 / 128, 128)),
    DType.INT16: ((0.0004, 0), (0.0001, 0)),
}
"""Scale and zero point of the input and of the output. A float has none."""
_COMPARED = ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL")
_LOGICAL = ("LOGICAL_AND", "LOGICAL_NOT", "LOGICAL_OR", "REDUCE_ALL")
_SHAPE = (1, 4, 6)
_ROOTS = ("RSQRT", "SQRT")
"""Of numbers that are not negative: runtimes have none of others."""


def files() -> Iterator[Kind]:
    """The first random case of each operator whose edges are int8, or int32; what remembers is in
    `tests/state`."""
    for kind in sorted(DRAWN):
        if kind in _ROOTS:
            yield Kind("single operators", kind, _root(kind), (FILE,))
        elif _first(kind) is not None:
            yield Kind("single operators", kind, _file(kind), (FILE,))
        elif kind in (*_COMPARED, *_LOGICAL):
            yield Kind("single operators", f"{kind} and SELECT_V2", _chosen_by(kind), (FILE,))


def edges() -> Iterator[Kind]:
    """A layer between inputs and outputs of a type."""
    for dtype in _EDGES:
        yield Kind("edges", f"{dtype.value} inputs and outputs", _between(dtype), (FILE,))


def _first(kind: str) -> Case | None:
    """A case that is a whole model: of int8, else with numbers."""
    cases = [one for one in drawn([kind], _TRIED) if not one.op.memory]
    whole = [one for one in cases if _has_edges(one, (DType.INT8,))]
    whole += [one for one in cases if _has_edges(one, (DType.INT8, DType.INT32))]
    return whole[0] if whole else None


def _has_edges(one: Case, types: tuple[DType, ...]) -> bool:
    """Whether a model of it alone has edges of these types, and a batch of one."""
    live = [tensor for tensor in one.io.inputs if tensor is not None and not tensor.constant]
    batches = all(tensor.shape[:1] == (1,) for tensor in live)
    return bool(live) and batches and all(t.dtype in types for t in (*live, *one.io.outputs))


def _file(kind: str) -> Build:
    def build(_: Any) -> bytes:
        one = _first(kind)
        assert one is not None
        return single_operator(one.op.kind, one.io.inputs, one.io.outputs, one.options)

    return build


def _root(kind: str) -> Build:
    def build(_: Any) -> bytes:
        net = Network()
        return net.file(net.call(kind, [net.input(_SHAPE, (0.1, -128))], _SHAPE, (0.05, -128)))

    return build


def _chosen_by(kind: str) -> Build:
    """The one or the other input, by a comparison, or by what the operator makes of two."""

    def build(_: Any) -> bytes:
        net = Network()
        pair = [net.input(_SHAPE), net.input(_SHAPE)]

        def compared(by: str) -> Tensor:
            return net.call(by, pair, _SHAPE, dtype=DType.BOOL)

        if kind in _COMPARED:
            choice = compared(kind)
        elif kind == "REDUCE_ALL":
            pairs = compared("LESS")
            choice = net.call(kind, [pairs, [2]], (1, 4, 1), dtype=DType.BOOL, keepDims=True)
        else:
            both = [compared("LESS"), compared("NOT_EQUAL")][: 1 if kind == "LOGICAL_NOT" else 2]
            choice = net.call(kind, both, _SHAPE, dtype=DType.BOOL)
        return net.file(net.call("SELECT_V2", [choice, *pair], _SHAPE))

    return build


def _between(dtype: DType) -> Build:
    def build(_: Any) -> bytes:
        net = Network()
        read, written = _EDGES[dtype]
        inside = net.call("QUANTIZE", [net.input(_SHAPE, read, dtype)], _SHAPE, (0.1, 3))
        made = net.call("TANH", [inside], _SHAPE, (1 / 128, 0))
        out = "DEQUANTIZE" if dtype is DType.FLOAT32 else "QUANTIZE"
        return net.file(net.call(out, [made], _SHAPE, written, dtype))

    return build


KINDS = (*edges(), *files())
