"""The values every stage shares: tensors, operators, the graph, and kernel calls. Frozen, no I/O.

    .tflite -> Graph(Tensor, Node(Op)) -> KernelCall | Alias -> MemoryPlan -> C

`Op` knows what an operator means and which kernel computes it; it knows no C. `KernelCall` is
all that later stages see: a kernel's name, the tensors it touches, its parameters and constants.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tinygen.errors import UnsupportedModel

Array = NDArray[Any]
Shape = tuple[int, ...]
TensorId = int

ABSENT: TensorId = -1
"""Stands for an optional input that the node does not have."""


class DType(Enum):
    """Element types, by TFLite's name in lower case."""

    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    FLOAT32 = "float32"
    BOOL = "bool"

    @property
    def numpy(self) -> np.dtype[Any]:
        return np.dtype(self.value)

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return self.numpy.itemsize


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

    def input(self, index: int) -> Tensor:
        """Input `index`, which must be there."""
        tensor = self.inputs[index] if index < len(self.inputs) else None
        if tensor is None:
            raise UnsupportedModel(f"input {index} of the operator is missing")
        return tensor

    def optional(self, index: int) -> Tensor | None:
        return self.inputs[index] if index < len(self.inputs) else None

    @property
    def output(self) -> Tensor:
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


ParamValue = int | float | tuple[int, ...]


@dataclass(frozen=True, eq=False)
class KernelCall:
    """One call of one kernel: the joint between operators and C.

    The kernel `NAME` is the C function `tg_NAME` in `tg_NAME.h`; it takes a pointer to
    `struct tg_NAME_params`, then a pointer per input, per output, and, when `scratch_bytes` is
    not zero, one to that much scratch. `params` and `constants` (pointers to arrays) together
    fill every field of the struct. `inputs` may name constant tensors.
    """

    kernel: str
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]
    params: Mapping[str, ParamValue] = field(default_factory=dict)
    constants: Mapping[str, Array] = field(default_factory=dict)
    scratch_bytes: int = 0
    in_place: tuple[tuple[int, int], ...] = ()
    """(input position, output position) pairs that may lie at the same address: the kernel
    reads each element of that input for the last time before it writes the output there."""


@dataclass(frozen=True)
class Alias:
    """`target` holds the same bytes as `source` under another shape: no code, one buffer."""

    source: TensorId
    target: TensorId


Lowered = tuple["KernelCall | Alias", ...]


class Op(ABC):
    """An operator: its attributes are the fields of a frozen dataclass.

    `Operands` carry the tensors; `values` are arrays in the order of the inputs (None where an
    optional input is absent), each of its tensor's shape and dtype.
    """

    kind: ClassVar[str]
    """TFLite's name of the operator, e.g. CONV_2D."""

    @abstractmethod
    def infer(self, inputs: Sequence[Tensor | None]) -> tuple[Shape, ...]:
        """Output shapes."""

    @abstractmethod
    def reference(self, io: Operands, values: Sequence[Array | None]) -> tuple[Array, ...]:
        """What the operator computes, bit for bit as TFLM's reference kernel does."""

    def lower(self, io: Operands) -> Lowered:  # noqa: ARG002
        """The portable kernel calls that compute it."""
        raise UnsupportedModel(
            f"{self.kind} is compiled only where its result is known beforehand",
            why="it computes shapes, and here its inputs are not constant",
        )

    def foldable(self, io: Operands) -> bool:
        """Whether the result is known beforehand: by default, when every input is constant."""
        return all(t is None or t.constant for t in io.inputs)

    def macs(self, io: Operands) -> int:  # noqa: ARG002
        """Multiply-accumulates of one inference."""
        return 0


@dataclass(frozen=True, eq=False)
class Node:
    """One operator applied to tensors, by id; ABSENT marks a missing optional input."""

    op: Op
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]


@dataclass(frozen=True, eq=False)
class Graph:
    """A model: nodes in an order in which every tensor is written before it is read."""

    name: str
    tensors: Mapping[TensorId, Tensor]
    nodes: tuple[Node, ...]
    inputs: tuple[TensorId, ...]
    outputs: tuple[TensorId, ...]

    def operands(self, node: Node) -> Operands:
        return Operands(
            inputs=tuple(None if i == ABSENT else self.tensors[i] for i in node.inputs),
            outputs=tuple(self.tensors[i] for i in node.outputs),
        )

    def replace(self, **changes: Any) -> Graph:
        """A copy with these fields changed, checked."""
        graph = replace(self, **changes)
        graph.verify()
        return graph

    def verify(self) -> None:
        """Raise UnsupportedModel unless the graph is whole (see `verify_structure`) and every
        inferred shape equals the declared one."""
        self.verify_structure()
        for node in self.nodes:
            io = self.operands(node)
            for tensor, shape in zip(io.outputs, node.op.infer(io.inputs), strict=True):
                if tensor.shape != shape:
                    raise UnsupportedModel(
                        f"{node.op.kind} gives '{tensor.name}' the shape {list(shape)}, "
                        f"the file says {list(tensor.shape)}"
                    )

    def verify_structure(self) -> None:
        """Raise UnsupportedModel unless ids are known, every tensor is written once and before
        it is read, and constants have their declared shape."""
        written = set(self.inputs) | {t.id for t in self.tensors.values() if t.constant}
        for tensor_id in (*self.inputs, *self.outputs):
            if tensor_id not in self.tensors:
                raise UnsupportedModel(f"the model's edge names tensor {tensor_id}: not there")
        for key, tensor in self.tensors.items():
            if key != tensor.id:
                raise UnsupportedModel(f"tensor '{tensor.name}' is filed under a wrong id")
            if tensor.data is not None and tensor.data.shape != tensor.shape:
                raise UnsupportedModel(
                    f"constant '{tensor.name}' has {tensor.data.shape}, declared {tensor.shape}"
                )
        for node in self.nodes:
            for tensor_id in (*node.inputs, *node.outputs):
                if tensor_id != ABSENT and tensor_id not in self.tensors:
                    raise UnsupportedModel(f"{node.op.kind} names tensor {tensor_id}: not there")
            for tensor_id in node.inputs:
                if tensor_id != ABSENT and tensor_id not in written:
                    name = self.tensors[tensor_id].name
                    raise UnsupportedModel(f"{node.op.kind} reads '{name}' before it is written")
            for tensor_id in node.outputs:
                if tensor_id in written:
                    name = self.tensors[tensor_id].name
                    raise UnsupportedModel(f"tensor '{name}' is written twice")
                written.add(tensor_id)
        for tensor_id in self.outputs:
            if tensor_id not in written:
                raise UnsupportedModel(f"output {tensor_id} of the model is never written")
