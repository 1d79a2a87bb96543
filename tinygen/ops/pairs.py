"""How kernels go through two tensors that are broadcast to one."""

from __future__ import annotations

from collections.abc import Mapping

from tinygen.errors import UnsupportedModel
from tinygen.ir import Operands, Overlap, ParamValue, Shape
from tinygen.ops.loops import Rows, broadcast_loops

_LOOPS = 5
"""Nested loops of the kernels: broadcasting that alternates more often is not compiled."""


def in_place(io: Operands) -> tuple[Overlap, ...]:
    """An input as large as the output is read where the output is then written."""
    target = io.output
    return tuple(
        Overlap(i, 0, target.nbytes)
        for i, t in enumerate((io.input(0), io.input(1)))
        if t.elements == target.elements and not t.constant
    )


def rows_of(io: Operands) -> Rows | None:
    """How kernels go through both inputs by rows; None where they cannot, or there is a table."""
    a, b, target = io.input(0), io.input(1), io.output
    if not target.elements or any(t.constant and t.elements == 1 for t in (a, b)):
        return None
    return broadcast_loops(target.shape, a.shape, b.shape).rows()


def loops_of(kind: str, output: Shape, a: Shape, b: Shape) -> Mapping[str, ParamValue]:
    """A kernel's loops over `output`, and the steps of two inputs that are broadcast to it."""
    loops = broadcast_loops(output, a, b)
    if len(loops.dims) > _LOOPS:
        raise UnsupportedModel(
            f"{kind} broadcasts {list(a)} with {list(b)}",
            why=f"that takes {len(loops.dims)} nested loops, the kernel has {_LOOPS}",
        )
    loops = loops.padded(_LOOPS)
    return {"dims": loops.dims, "strides0": loops.strides[0], "strides1": loops.strides[1]}
