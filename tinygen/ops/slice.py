"""SLICE: a block of a tensor, from a corner, which may be data, and of a size."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    Given,
    Interval,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move

_RANK = 6
"""Dimensions of the kernel for a corner that is data."""


class Slice(Move):
    """Inputs: the tensor, where the block begins, its size (-1 for all that is left)."""

    kind = "SLICE"
    arity = (3, 3)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(2).constant:
            return (io.output.shape,)
        if not io.input(1).constant:
            return (self._size(io),)
        return (tuple(part.stop - part.start for part in self._parts(io)),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        if io.input(1).constant:
            return (values[0][self._parts(io)].copy(),)
        whole, size = np.array(io.input(0).shape), np.array(self._size(io))
        # What no runtime defines, a block that reaches out, is defined as moved inside.
        at = np.clip(values[1].reshape(-1), 0, whole - size)
        return (values[0][tuple(slice(a, a + n) for a, n in zip(at, size, strict=True))].copy(),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        source = io.input(0)
        if not source.shape or io.output.elements == 0 or not io.input(1).constant:
            return super().ranges(io, inputs)
        every, part = inputs[0].channels(source.shape[-1]), self._parts(io)[-1]
        return (Interval(every.low[part], every.high[part]),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        if target.elements == 0:
            raise UnsupportedModel(f"SLICE leaves nothing of '{source.name}'")
        if not io.input(1).constant:
            return (self._placed(io),)
        steps = row_major(source.shape)
        start = sum(p.start * step for p, step in zip(self._parts(io), steps, strict=True))
        loops = Loops(target.shape, (steps, row_major(target.shape)))
        return (copy_call(self.kind, source, target, loops, (start, 0)),)

    def index_limit(self, io: Operands, position: int) -> int | None:
        if position != 1:
            return None
        return 1 + min(d - n for d, n in zip(io.input(0).shape, self._size(io), strict=True))

    def _placed(self, io: Operands) -> KernelCall:
        """The kernel call where the corner is data."""
        source, target = io.input(0), io.output
        require.dtype(self.kind, io.input(1), DType.INT32)
        missing = _RANK - len(source.shape)
        return KernelCall(
            kernel=portable("slice"),
            inputs=(source.id, io.input(1).id),
            outputs=(target.id,),
            params={
                "rank": len(source.shape),
                "dims": (1,) * missing + source.shape,
                "part": (1,) * missing + target.shape,
                "element_bytes": target.dtype.size,
            },
        )

    def _size(self, io: Operands) -> Shape:
        """Of the block, where its corner is not known."""
        source, size = io.input(0), tuple(int(n) for n in io.integers(2).reshape(-1))
        fits = len(size) == len(source.shape) == io.input(1).elements
        if not fits or not all(0 < n <= d for n, d in zip(size, source.shape, strict=True)):
            raise UnsupportedModel(
                f"SLICE takes {list(size)} of '{source.name}' {list(source.shape)}, from a place "
                "that is computed"
            )
        return size

    def _parts(self, io: Operands) -> tuple[slice, ...]:
        source = io.input(0)
        begins, sizes = ([int(n) for n in io.integers(i).reshape(-1)] for i in (1, 2))
        if not len(begins) == len(sizes) == len(source.shape):
            raise self._impossible(io, begins, sizes)
        parts = []
        for dim, begin, size in zip(source.shape, begins, sizes, strict=True):
            end = dim if size == -1 else begin + size
            if not 0 <= begin <= end <= dim:
                raise self._impossible(io, begins, sizes)
            parts.append(slice(begin, end))
        return tuple(parts)

    def _impossible(self, io: Operands, begins: list[int], sizes: list[int]) -> UnsupportedModel:
        source = io.input(0)
        return UnsupportedModel(
            f"SLICE takes {sizes} from {begins} on of '{source.name}' {list(source.shape)}"
        )
