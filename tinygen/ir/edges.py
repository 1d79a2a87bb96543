"""Edges: the inputs and outputs of a model, as everybody outside of it sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from tinygen.ir.graph import Graph
from tinygen.ir.tensors import Array, DType, Quant, Shape, Tensor


@dataclass(frozen=True)
class Edge:
    """One input or output of a model: real value = `scale` * (value - `zero_point`).

    `shape` has the batch, which is 1, in front. A float edge has the scale 1 and the zero point 0.
    `labels` are the names of an output's elements where they are classes, else empty.
    """

    name: str
    shape: Shape
    dtype: DType
    scale: float
    zero_point: int
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.labels and len(self.labels) != self.elements:
            raise ValueError(f"{len(self.labels)} labels for {self.elements} elements")

    @classmethod
    def of(cls, tensor: Tensor, labels: tuple[str, ...] = ()) -> Self:
        """The edge that a tensor of the graph is, quantized or float32."""
        real = tensor.dtype is DType.FLOAT32
        quant = Quant((1.0,), (0,)) if real else tensor.q
        name, shape, dtype = tensor.name, tensor.shape, tensor.dtype
        return cls(name, shape, dtype, quant.scale, quant.zero_point, labels)

    @classmethod
    def real(cls, name: str, shape: Shape) -> Self:
        """A float32 edge."""
        return cls(name, shape, DType.FLOAT32, 1.0, 0, ())

    @property
    def sample(self) -> Shape:
        """The shape of one sample, without the batch."""
        return self.shape[1:]

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.elements * self.dtype.size

    def quantize(self, real: Array) -> Array:
        """Real values as the integers that the edge takes."""
        return quantize(real, self.scale, self.zero_point, self.dtype)

    def dequantize(self, values: Array) -> Array:
        """The edge's integers as the float32 values that they stand for."""
        return dequantize(values, self.scale, self.zero_point)

    def __str__(self) -> str:
        return f"{self.name} {format_shape(self.sample)}"


def input_edges(graph: Graph) -> tuple[Edge, ...]:
    """The inputs of a model whose edges are quantized or float32."""
    return tuple(Edge.of(graph.tensors[i]) for i in graph.inputs)


def output_edges(graph: Graph) -> tuple[Edge, ...]:
    """The outputs of a model whose edges are quantized or float32."""
    return tuple(Edge.of(graph.tensors[i]) for i in graph.outputs)


def quantize(real: Array, scale: float, zero_point: int, dtype: DType) -> Array:
    """Real values as `dtype`: float32 division, halves rounded away from zero, clamped.

    As `model_quantize` and TFLM's AffineQuantize compute it. A NaN becomes the zero point, which
    TFLM leaves undefined.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = (real.astype(np.float32) / np.float32(scale)).astype(np.float64)
    span = float(dtype.high - dtype.low + 1)  # the zero point lies within, so more is clamped
    ratio = np.clip(np.nan_to_num(ratio, nan=0.0), -span, span)
    rounded = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio).astype(np.int64)
    return np.clip(rounded + zero_point, dtype.low, dtype.high).astype(dtype.numpy)


def dequantize(values: Array, scale: float, zero_point: int) -> Array:
    """Integers as float32 real values, rounded once."""
    steps = (values.astype(np.int64) - zero_point).astype(np.float32)
    return np.multiply(np.float32(scale), steps, dtype=np.float32)


def format_shape(shape: Shape) -> str:
    """A shape as people write it: `96x96x3`, or `scalar`."""
    return "x".join(str(axis) for axis in shape) or "scalar"
