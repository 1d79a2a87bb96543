"""What both ways of resizing an image share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from tinygen.errors import UnsupportedModel
from tinygen.ir import Operands, Shape
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser
from tinygen.ops.spatial import nhwc


@dataclass(frozen=True)
class Resize(Move):
    """Inputs: an image [batch, y, x, channel], its new height and width."""

    align_corners: bool
    """The outermost pixels' middles keep their places; else the image's borders do."""
    half_pixel_centers: bool
    """A pixel's place is its middle; else its upper left corner."""

    arity = (2, 2)
    options_type: ClassVar[Any]

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(cls.options_type)
        return cls(bool(options.AlignCorners()), bool(options.HalfPixelCenters()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        batch, _, _, channels = nhwc(io.input(0), self.kind)
        if not io.input(1).constant:
            return (io.output.shape,)
        size = tuple(int(d) for d in io.integers(1).reshape(-1))
        if len(size) != 2 or min(size) < 1:
            raise UnsupportedModel(f"{self.kind} of '{io.input(0).name}' to {list(size)}")
        return ((batch, *size, channels),)

    @property
    def offset(self) -> float:
        """Of a pixel's place from its corner."""
        return 0.5 if self.half_pixel_centers else 0.0
