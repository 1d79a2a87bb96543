"""Tensors: element types, quantization, and the tensors of one node as its operator sees them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinygen.errors import UnsupportedModel

Array = NDArray[Any]
Shape = tuple[int, ...]
TensorId = int
T = TypeVar("T")

ABSENT: TensorId = -1
"""Stands for an optional input that the node does not have."""


class DType(Enum):
    """Element types, by TFLite's name in lower case: all that one of them says to anybody."""

    INT8 = ("int8", "int8_t", 1)
    UINT8 = ("uint8", "uint8_t", 2)
    INT16 = ("int16", "int16_t", 3)
    INT32 = ("int32", "int32_t", 4)
    INT64 = ("int64", "int64_t", None)
    FLOAT32 = ("float32", "float", 5)
    BOOL = ("bool", "uint8_t", None)

    _value_: str
    c_name: str
    """The element type in C."""
    wire: int | None
    """The type's code in the serial protocol; None where no edge of a model has it."""

    def __new__(cls, name: str, c_name: str = "", wire: int | None = None) -> Self:
        member = object.__new__(cls)
        member._value_ = name
        member.c_name = c_name
        member.wire = wire
        return member

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self._value_)

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize

    @property
    def integer(self) -> bool:
        """Whether it has a `low` and a `high`."""
        return self is not DType.FLOAT32

    @property
    def low(self) -> int:
        """The least value of an integer type."""
        return 0 if self is DType.BOOL else int(np.iinfo(self.numpy).min)

    @property
    def high(self) -> int:
        """The greatest value of an integer type."""
        return 1 if self is DType.BOOL else int(np.iinfo(self.numpy).max)


@dataclass(frozen=True)
class Quant:
    """Affine quantization: real = scale * (q - zero_point), per tensor or along `axis`.

    Scales are the float32 values of the file, held as Python floats.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0

    @property
    def per_tensor(self) -> bool:
        return len(self.scales) == 1

    @property
    def scale(self) -> float:
        """The one scale of a per-tensor quantization."""
        if not self.per_tensor:
            raise UnsupportedModel("per-channel quantization where one scale is needed")
        return self.scales[0]

    @property
    def zero_point(self) -> int:
        """The one zero point of a per-tensor quantization."""
        if len(set(self.zero_points)) != 1:
            raise UnsupportedModel("per-channel zero points where one is needed")
        return self.zero_points[0]


@dataclass(frozen=True, eq=False)
class Tensor:
    """One tensor of the graph. `data` is set when it is constant; its shape is `shape`."""

    id: TensorId
    name: str
    shape: Shape
    dtype: DType
    quant: Quant | None = None
    data: Array | None = None
    open_axes: frozenset[int] = frozenset()
    """Dimensions that a file leaves open and declares as 1, until shapes have been worked out."""
    int4: bool = False
    """Whether the file holds its elements, weights, as int4, two to a byte. Here they are int8."""

    def shaped(self, shape: Shape, kind: str) -> Tensor:
        """The tensor in the shape that an operator of this kind gives it.

        UnsupportedModel where its own says something else about a dimension that is not open.
        """
        pairs = enumerate(zip(self.shape, shape, strict=False))
        told = all(a == b or i in self.open_axes for i, (a, b) in pairs)
        if not told or len(shape) != len(self.shape):
            raise UnsupportedModel(
                f"{kind} gives '{self.name}' the shape {list(shape)}, "
                f"the file says {list(self.shape)}",
                why="runtimes differ in which of the two they believe",
                next_step="convert the model again; the file contradicts itself",
            )
        return replace(self, shape=shape, open_axes=frozenset())

    @property
    def elements(self) -> int:
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.elements * self.dtype.size

    @property
    def constant(self) -> bool:
        return self.data is not None

    @property
    def q(self) -> Quant:
        """The quantization, which an int8 tensor must have."""
        if self.quant is None:
            raise UnsupportedModel(
                f"tensor '{self.name}' has no quantization",
                why="only fully int8-quantized models are compiled",
                next_step="quantize it with tinygen from the Keras model",
            )
        return self.quant


@dataclass(frozen=True, eq=False)
class Operands:
    """The tensors of one node, as its operator sees them. An absent optional input is None."""

    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor, ...]
    kind: str = "the operator"
    """Its name, for errors."""

    def input(self, index: int) -> Tensor:
        """Input `index`, which must be there."""
        tensor = self.optional(index)
        if tensor is None:
            raise UnsupportedModel(f"input {index} of {self.kind} is missing")
        return tensor

    def optional(self, index: int) -> Tensor | None:
        """Input `index`, None where the node does not have it."""
        return self.inputs[index] if index < len(self.inputs) else None

    @property
    def every_input(self) -> tuple[Tensor, ...]:
        """All inputs, of which there is at least one and none may be missing."""
        return tuple(self.input(i) for i in range(max(1, len(self.inputs))))

    @property
    def output(self) -> Tensor:
        """The first output; before shapes are inferred it has the shape that the file declares."""
        return self.outputs[0]

    def constant(self, index: int) -> Array:
        """The data of input `index`, which must be constant."""
        tensor = self.input(index)
        if tensor.data is None:
            raise UnsupportedModel(
                f"input '{tensor.name}' must be a constant",
                why="shapes, axes and weights have to be known when the code is generated",
            )
        return tensor.data

    def integers(self, index: int) -> Array:
        """The data of input `index`, which must be constant numbers that count: dimensions, axes,
        positions."""
        data, tensor = self.constant(index), self.input(index)
        if tensor.dtype not in (DType.INT32, DType.INT64):
            raise UnsupportedModel(
                f"{self.kind} counts with '{tensor.name}', which is {tensor.dtype.value}",
                why="sizes, axes and positions are int32 or int64",
            )
        return data


class Given(Generic[T]):
    """One thing per input of a node, in their order; nothing for an absent optional one."""

    def __init__(self, items: Sequence[T | None]) -> None:
        self._items = tuple(items)

    def __getitem__(self, index: int) -> T:
        item = self._items[index]
        if item is None:
            raise IndexError(f"input {index} is absent")
        return item

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[T]:
        return (self[i] for i in range(len(self)))

    def optional(self, index: int) -> T | None:
        """Input `index`, None where the node does not have it."""
        return self._items[index] if index < len(self._items) else None


Values = Given[Array]
"""The arrays of a node's inputs, each of its tensor's shape and dtype."""
