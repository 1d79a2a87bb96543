"""MIRROR_PAD: a border that is the tensor in a mirror."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Lowered, Operands, Shape, Values
from tinygen.ops.loops import row_major
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser
from tinygen.ops.relocate import Places, relocate_call

_REFLECT, _SYMMETRIC = 0, 1


@dataclass(frozen=True)
class MirrorPad(Move):
    symmetric: bool
    """The outermost elements are doubled; else the mirror stands in the middle of them."""

    kind = "MIRROR_PAD"
    arity = (2, 2)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        mode = int(parser.options(tflite.MirrorPadOptions).Mode())
        if mode not in (_REFLECT, _SYMMETRIC):
            raise UnsupportedModel(f"MIRROR_PAD has an unknown mode (number {mode})")
        return cls(mode == _SYMMETRIC)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if not io.input(1).constant:
            return (io.output.shape,)
        return (tuple(indices.size for indices in self._indices(io)),)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        return (values[0][np.ix_(*self._indices(io))],)

    def kernels(self, io: Operands) -> Lowered:
        source, target = io.input(0), io.output
        steps = zip(row_major(source.shape), row_major(target.shape), strict=True)
        loops = [
            Places.of(indices, *pair)
            for indices, pair in zip(self._indices(io), steps, strict=True)
        ]
        return (relocate_call(source, target, loops),)

    def _indices(self, io: Operands) -> tuple[Array, ...]:
        """For each dimension, which element of the input each of the output is."""
        source, paddings = io.input(0), io.integers(1)
        sizes = np.array(source.shape, np.int64)
        room = sizes if self.symmetric else sizes - 1
        sound = paddings.shape == (sizes.size, 2) and (paddings >= 0).all()
        if not sizes.size or not sound or (paddings > room[:, None]).any():
            raise UnsupportedModel(
                f"MIRROR_PAD of '{source.name}' {list(source.shape)} by {paddings.tolist()}",
                why="a mirror shows as many elements as there are",
            )
        mode: Literal["symmetric", "reflect"] = "symmetric" if self.symmetric else "reflect"
        return tuple(
            np.pad(np.arange(size), (int(before), int(after)), mode)
            for size, (before, after) in zip(source.shape, paddings, strict=True)
        )
