"""SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND: an image taken apart into images of every n-th pixel,
and put together again. A dilated convolution between the two is a plain one of theirs."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import NamedTuple

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
from tinygen.ops.loops import row_major
from tinygen.ops.move import Move
from tinygen.ops.relocate import Places, relocate_call


class _Spread(NamedTuple):
    """One dimension of the whole image, padded or to be cropped, and of the small ones."""

    whole: int
    before: int
    after: int
    block: int

    @property
    def parts(self) -> int:
        """The dimension's length in the small images."""
        return (self.before + self.whole + self.after) // self.block

    def places(self) -> tuple[Array, Array]:
        """For each element of the whole image, which small image it is in, and where there."""
        at = np.arange(self.before, self.before + self.whole)
        return at % self.block, at // self.block


class _BatchSpace(Move):
    """Inputs: the tensor [batch, height, width, ...] or [batch, length, ...], the block's size for
    each dimension, what is padded or cropped before and after."""

    arity = (3, 3)

    @abstractmethod
    def spreads(self, io: Operands) -> tuple[_Spread, ...]:
        """The dimensions after the batch that are spread over it."""

    def _given(self, io: Operands) -> list[_Spread]:
        """What the operands say of each dimension, which is sound; `whole` is the input's size."""
        source, block, border = io.input(0), io.integers(1), io.integers(2)
        spread = block.size
        sound = len(source.shape) in (3, 4) and spread == len(source.shape) - 2
        if not sound or border.shape != (spread, 2) or (border < 0).any() or (block < 1).any():
            raise UnsupportedModel(
                f"{self.kind} of '{source.name}' {list(source.shape)} by {block.tolist()}, "
                f"{border.tolist()}",
                why="it is compiled for three dimensions with one block size, or four with two",
            )
        rows = zip(source.shape[1:], block.reshape(-1), border, strict=False)
        return [_Spread(size, int(before), int(after), int(b)) for size, b, (before, after) in rows]

    def _places(self, io: Operands, whole: Shape, parts: Shape) -> list[tuple[Array, Array]]:
        """For each loop the positions in the whole image and in the small ones."""
        steps, part_steps = row_major(whole), row_major(parts)
        batches = np.arange(whole[0])
        loops = [(batches * steps[0], batches * part_steps[0])]
        inner = 1  # small images per step of a dimension's block, batches apart
        spreads = self.spreads(io)
        for axis in reversed(range(len(spreads))):
            which, where = spreads[axis].places()
            at = np.arange(spreads[axis].whole) * steps[axis + 1]
            small = which * inner * whole[0] * part_steps[0] + where * part_steps[axis + 1]
            loops.insert(1, (at, small))
            inner *= spreads[axis].block
        rest = np.arange(whole[-1])
        return [*loops, (rest, rest)]


class SpaceToBatchND(_BatchSpace):
    kind = "SPACE_TO_BATCH_ND"

    def spreads(self, io: Operands) -> tuple[_Spread, ...]:
        found = self._given(io)
        for one in found:
            if (one.before + one.whole + one.after) % one.block:
                raise UnsupportedModel(
                    f"SPACE_TO_BATCH_ND of {one.whole} elements with a border of {one.before} and "
                    f"{one.after} in blocks of {one.block}"
                )
        return tuple(found)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        spreads, shape = self.spreads(io), io.input(0).shape
        blocks = math.prod(one.block for one in spreads)
        return ((shape[0] * blocks, *(one.parts for one in spreads), shape[-1]),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        output = np.full(io.output.elements, self._border(io), io.output.dtype.numpy)
        places = self._places(io, io.input(0).shape, io.output.shape)
        output[_sum([small for _, small in places])] = values[0].reshape(-1)
        return (output.reshape(io.output.shape),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        if not io.output.dtype.integer:
            return super().ranges(io, inputs)
        border = Interval.of(self._border(io), self._border(io))
        return (inputs[0].union(border),)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        places = self._places(io, source.shape, target.shape)
        inside = relocate_call(source, target, [Places(*pair) for pair in places])
        if source.elements == target.elements:
            return (inside,)
        if target.dtype is not DType.INT8:
            raise UnsupportedModel(f"SPACE_TO_BATCH_ND with a border of {target.dtype.value}")
        params = {"count": target.nbytes, "value": self._border(io)}
        fill = KernelCall(portable("fill"), (), (target.id,), params)
        return (fill, inside)

    def tflm_fault(self, io: Operands) -> str:
        bordered = io.input(0).elements != io.output.elements
        return "its SPACE_TO_BATCH_ND leaves the border as its memory happens to be" * bordered

    def _border(self, io: Operands) -> int:
        """The code of real zero."""
        return io.output.q.zero_point if io.output.dtype is DType.INT8 else 0


class BatchToSpaceND(_BatchSpace):
    kind = "BATCH_TO_SPACE_ND"

    def spreads(self, io: Operands) -> tuple[_Spread, ...]:
        given = self._given(io)
        blocks = math.prod(one.block for one in given)
        wholes = [one.whole * one.block - one.before - one.after for one in given]
        if io.input(0).shape[0] % blocks or min(wholes) < 1:
            raise UnsupportedModel(
                f"BATCH_TO_SPACE_ND of '{io.input(0).name}' {list(io.input(0).shape)} by "
                f"{io.integers(1).tolist()}, cropped by {io.integers(2).tolist()}"
            )
        return tuple(one._replace(whole=w) for one, w in zip(given, wholes, strict=True))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        spreads, shape = self.spreads(io), io.input(0).shape
        blocks = math.prod(one.block for one in spreads)
        return ((shape[0] // blocks, *(one.whole for one in spreads), shape[-1]),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        places = self._places(io, io.output.shape, io.input(0).shape)
        return (
            values[0].reshape(-1)[_sum([small for _, small in places])].reshape(io.output.shape),
        )

    def kernels(self, io: Operands) -> Lowered:
        places = self._places(io, io.output.shape, io.input(0).shape)
        loops = [Places(small, whole) for whole, small in places]
        return (relocate_call(io.input(0), io.output, loops),)


def _sum(positions: list[Array]) -> Array:
    """The sums of one number of each, in row-major order."""
    total = np.zeros(1, np.int64)
    for one in positions:
        total = np.add.outer(total, one).reshape(-1)
    return total
