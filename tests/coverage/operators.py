"""Files of one operator each, as converters of all kinds write them, int8 throughout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.coverage.kinds import FILE, Build, Kind
from tests.ops.drawn import DRAWN, drawn
from tests.ops.harness import Case
from tests.ops.tflite_file import single_operator
from tinygen.ir import DType

_TRIED = 40


def files() -> Iterator[Kind]:
    """The first random case of each operator whose edges are int8."""
    for kind in sorted(DRAWN):
        yield Kind("single operators", kind, _file(kind), (FILE,))


def _file(kind: str) -> Build:
    def build(_: Any) -> bytes:
        one = next(one for one in drawn([kind], _TRIED) if _is_int8(one))
        return single_operator(one.op.kind, one.io.inputs, one.io.outputs, one.options)

    return build


def _is_int8(one: Case) -> bool:
    """Whether a model of it alone has edges of int8, and a batch of one."""
    live = [tensor for tensor in one.io.inputs if tensor is not None and not tensor.constant]
    batches = all(tensor.shape[:1] == (1,) for tensor in live)
    return batches and all(tensor.dtype is DType.INT8 for tensor in (*live, *one.io.outputs))


def has_file(kind: str) -> bool:
    """Whether one of the cases is such a model."""
    return any(_is_int8(one) for one in drawn([kind], _TRIED))


KINDS = tuple(kind for kind in files() if has_file(kind.name))
