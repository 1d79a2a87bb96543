"""SQUEEZE: drops dimensions of length one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Operands, Shape
from tinygen.ops import require
from tinygen.ops.parse import Parser
from tinygen.ops.reshape import SameBytes


@dataclass(frozen=True)
class Squeeze(SameBytes):
    axes: tuple[int, ...]
    """What is dropped; empty for every dimension of length one."""

    kind = "SQUEEZE"

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.SqueezeOptions)
        return cls(tuple(int(options.SqueezeDims(i)) for i in range(options.SqueezeDimsLength())))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        source = io.input(0)
        axes = {require.axis(self.kind, a, len(source.shape)) for a in self.axes}
        if any(source.shape[a] != 1 for a in axes):
            raise UnsupportedModel(
                f"SQUEEZE drops {sorted(axes)} of '{source.name}' {list(source.shape)}",
                why="only dimensions of length one can be dropped",
            )
        if not self.axes:
            axes = {i for i, d in enumerate(source.shape) if d == 1}
        return (tuple(d for i, d in enumerate(source.shape) if i not in axes),)
