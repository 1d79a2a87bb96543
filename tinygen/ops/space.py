"""DEPTH_TO_SPACE and SPACE_TO_DEPTH: blocks of an image as channels of a pixel."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Lowered, Operands, Shape, Values
from tinygen.ops.copy import copy_call
from tinygen.ops.loops import Loops, row_major
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser
from tinygen.ops.spatial import nhwc


@dataclass(frozen=True)
class _Blocks(Move):
    """Both are one view of the image, [batch, rows, y in block, columns, x in block, channel],
    and of the pixels, [batch, rows, columns, y in block, x in block, channel]."""

    block: int
    """Height and width of a block."""

    options_type: ClassVar[Any]

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        block = int(parser.options(cls.options_type).BlockSize())
        if block < 1:
            raise UnsupportedModel(f"{parser.kind} with blocks of {block}")
        return cls(block)

    @abstractmethod
    def image(self, io: Operands) -> Shape:
        """The shape of the side that is the image."""

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        view, order = self._view(io)
        return (np.transpose(values[0].reshape(view), order).reshape(io.output.shape),)

    def kernels(self, io: Operands) -> Lowered:
        view, order = self._view(io)
        steps = row_major(view)
        dims = tuple(view[axis] for axis in order)
        loops = Loops(dims, (tuple(steps[axis] for axis in order), row_major(dims)))
        return (copy_call(self.kind, io.input(0), io.output, loops),)

    def _view(self, io: Operands) -> tuple[Shape, tuple[int, ...]]:
        """The input with its blocks as dimensions, and the order in which the output has them."""
        batch, height, width, channels = self.image(io)
        rows, columns, block = height // self.block, width // self.block, self.block
        if self.image(io) == io.input(0).shape:
            return (batch, rows, block, columns, block, channels), (0, 1, 3, 2, 4, 5)
        return (batch, rows, columns, block, block, channels), (0, 1, 3, 2, 4, 5)


class DepthToSpace(_Blocks):
    kind = "DEPTH_TO_SPACE"
    options_type = tflite.DepthToSpaceOptions

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        batch, height, width, channels = nhwc(io.input(0), self.kind)
        area = self.block**2
        if channels % area:
            raise UnsupportedModel(f"DEPTH_TO_SPACE makes {area} pixels of {channels} channels")
        return ((batch, height * self.block, width * self.block, channels // area),)

    def image(self, io: Operands) -> Shape:
        return io.output.shape


class SpaceToDepth(_Blocks):
    kind = "SPACE_TO_DEPTH"
    options_type = tflite.SpaceToDepthOptions

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        batch, height, width, channels = nhwc(io.input(0), self.kind)
        block = self.block
        if height % block or width % block:
            raise UnsupportedModel(
                f"SPACE_TO_DEPTH of an image of {height}x{width} in blocks of {block}x{block}"
            )
        return ((batch, height // block, width // block, channels * block**2),)

    def image(self, io: Operands) -> Shape:
        return io.input(0).shape
