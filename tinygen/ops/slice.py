"""SLICE: a block of a tensor, from a corner and of a size."""

from __future__ import annotations

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Given, Interval, Lowered, Operands, Shape, Values
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move


class Slice(Move):
    """Inputs: the tensor, where the block begins, its size (-1 for all that is left)."""

    kind = "SLICE"
    arity = (3, 3)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not all(io.input(i).constant for i in (1, 2)):
            return (io.output.shape,)
        return (tuple(part.stop - part.start for part in self._parts(io)),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (values[0][self._parts(io)].copy(),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        source = io.input(0)
        if not source.shape or io.output.elements == 0:
            return super().ranges(io, inputs)
        every, part = inputs[0].channels(source.shape[-1]), self._parts(io)[-1]
        return (Interval(every.low[part], every.high[part]),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        if target.elements == 0:
            raise UnsupportedModel(f"SLICE leaves nothing of '{source.name}'")
        steps = row_major(source.shape)
        start = sum(p.start * step for p, step in zip(self._parts(io), steps, strict=True))
        loops = Loops(target.shape, (steps, row_major(target.shape)))
        return (copy_call(self.kind, source, target, loops, (start, 0)),)

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
