"""Edges: the inputs and outputs of a model, as everybody outside of it sees them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from tinygen.ir.graph import Graph
from tinygen.ir.tensors import Array, DType, Quant, Shape, Tensor, TensorId

_NUMBERS = 256
"""What numbers stay below where nobody says what they are for."""


@dataclass(frozen=True)
class Edge:
    """One input or output of a model: real value = `scale` * (value - `zero_point`).

    `shape` has the batch, which is 1, in front, also where the model's tensor has none. The values
    of a float32 edge are real ones: its scale and zero point are those of the codes that it is
    quantized to or comes from, 1 and 0 where nothing is known of them. `labels` are the names of an
    output's elements where they are classes, else empty. `limit` is what the numbers of an input
    that looks things up stay below, from 0 on.
    """

    name: str
    shape: Shape
    dtype: DType
    scale: float
    zero_point: int
    labels: tuple[str, ...]
    limit: int | None

    def __post_init__(self) -> None:
        if self.labels and len(self.labels) != self.elements:
            raise ValueError(f"{len(self.labels)} labels for {self.elements} elements")

    @classmethod
    def of(cls, tensor: Tensor, codes: Quant | None = None, limit: int | None = None) -> Self:
        """The edge that a tensor of the graph is; `codes` are those of a float32 one."""
        quant = _PLAIN if tensor.dtype in (DType.INT32, DType.FLOAT32) else tensor.q
        quant = codes or quant
        name, dtype = tensor.name, tensor.dtype
        shape = tensor.shape if tensor.shape[:1] == (1,) else (1, *tensor.shape)
        return cls(name, shape, dtype, quant.scale, quant.zero_point, (), limit)

    @classmethod
    def real(cls, name: str, shape: Shape) -> Self:
        """A float32 edge."""
        return cls(name, shape, DType.FLOAT32, 1.0, 0, (), None)

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
        if self.dtype is DType.FLOAT32:
            return real.astype(np.float32)
        return quantize(real, self.scale, self.zero_point, self.dtype)

    def dequantize(self, values: Array) -> Array:
        """The edge's values as the float32 ones that they stand for."""
        if self.dtype is DType.FLOAT32:
            return values
        return dequantize(values, self.scale, self.zero_point)

    @property
    def span(self) -> tuple[int, int]:
        """The least and the greatest of its codes; of a float32 edge those that it is quantized to,
        of numbers that pick those that pick something."""
        if self.dtype is DType.FLOAT32:
            return DType.INT8.low, DType.INT8.high
        if self.dtype is DType.INT32:
            return 0, (self.limit or _NUMBERS) - 1
        return self.dtype.low, self.dtype.high

    def of_codes(self, codes: Array) -> Array:
        """Codes, maybe between two, as values of the edge."""
        if self.dtype is not DType.FLOAT32:
            return codes.astype(self.dtype.numpy)
        return (self.scale * (codes - float(self.zero_point))).astype(np.float32)

    def steps(self, values: Array) -> Array:
        """The edge's values in steps of its codes: the codes themselves, or real values over the
        scale."""
        return values / self.scale if self.dtype is DType.FLOAT32 else values

    def __str__(self) -> str:
        return f"{self.name} {format_shape(self.sample)}"


def input_edges(graph: Graph) -> tuple[Edge, ...]:
    """The inputs of a model."""
    return tuple(_input(graph, i) for i in graph.inputs)


def output_edges(graph: Graph) -> tuple[Edge, ...]:
    """The outputs of a model."""
    return tuple(_output(graph, i) for i in graph.outputs)


_PLAIN = Quant((1.0,), (0,))
"""Numbers that stand for themselves."""


def _input(graph: Graph, tensor_id: TensorId) -> Edge:
    tensor = graph.tensors[tensor_id]
    codes, limits = None, []
    for node in graph.readers(tensor_id):
        io = graph.operands(node)
        if tensor.dtype is DType.FLOAT32 and io.output.dtype is not DType.FLOAT32:
            codes = io.output.quant
        if tensor.dtype is DType.INT32:
            limits += [
                node.op.index_limit(io, i) for i, t in enumerate(node.inputs) if t == tensor_id
            ]
    known = [limit for limit in limits if limit is not None]
    return Edge.of(tensor, codes, min(known) if known else None)


def _output(graph: Graph, tensor_id: TensorId) -> Edge:
    tensor, writer = graph.tensors[tensor_id], graph.writer(tensor_id)
    codes = None
    if tensor.dtype is DType.FLOAT32 and writer is not None:
        codes = graph.operands(writer).input(0).quant
    return Edge.of(tensor, codes)


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
