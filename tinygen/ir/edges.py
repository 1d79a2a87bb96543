"""Edges: the inputs and outputs of a model, as everybody outside of it sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

from tinygen.ir.tensors import DType, Shape, Tensor


@dataclass(frozen=True)
class Edge:
    """One input or output of a model: real value = `scale` * (value - `zero_point`).

    `shape` has the batch, which is 1, in front. A float edge has the scale 1 and the zero point 0.
    `labels` names what each element stands for, as the classes of a classifier; empty where that
    is not known.
    """

    name: str
    shape: Shape
    dtype: DType
    scale: float
    zero_point: int
    labels: tuple[str, ...]

    @classmethod
    def of(cls, tensor: Tensor) -> Self:
        """The edge that a quantized tensor of the graph is."""
        return cls(tensor.name, tensor.shape, tensor.dtype, tensor.q.scale, tensor.q.zero_point, ())

    @property
    def elements(self) -> int:
        return math.prod(self.shape)
