"""DYNAMIC_UPDATE_SLICE: a tensor with a part of it replaced, at places that may be data."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    KernelCall,
    Lowered,
    Operands,
    Overlap,
    Shape,
    Tensor,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.move import Move

_RANK = 6
"""Dimensions of the kernel."""


class DynamicUpdateSlice(Move):
    """Inputs: the tensor, what replaces a part of it, where that begins in each dimension. It is
    moved inside where it would reach out."""

    kind = "DYNAMIC_UPDATE_SLICE"
    arity = (3, 3)

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        return io.input(0), io.input(1)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        whole, part, starts = (io.input(i).shape for i in range(3))
        fits = len(whole) == len(part) and all(p <= w for w, p in zip(whole, part, strict=True))
        if not fits or starts != (len(whole),) or not 1 <= len(whole) <= _RANK:
            raise UnsupportedModel(
                f"DYNAMIC_UPDATE_SLICE of {list(whole)} by {list(part)} at {list(starts)}"
            )
        return (whole,)

    def check(self, io: Operands) -> None:
        super().check(io)
        require.dtype(self.kind, io.input(2), DType.INT32, DType.INT64)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        whole, part, starts = values
        room = np.array(whole.shape) - part.shape
        at = np.clip(starts, 0, room)
        changed = whole.copy()
        changed[tuple(slice(a, a + n) for a, n in zip(at, part.shape, strict=True))] = part
        return (changed,)

    def kernels(self, io: Operands) -> Lowered:
        whole, part, starts = (io.input(i) for i in range(3))
        require.dtype(self.kind, starts, DType.INT32)
        missing = _RANK - len(whole.shape)
        call = KernelCall(
            kernel=portable("dynamic_update_slice"),
            inputs=(whole.id, part.id, starts.id),
            outputs=(io.output.id,),
            params={
                "rank": len(whole.shape),
                "dims": (1,) * missing + whole.shape,
                "part": (1,) * missing + part.shape,
                "element_bytes": io.output.dtype.size,
            },
            overlaps=(Overlap(0, 0, io.output.nbytes),),
        )
        return (call,)
