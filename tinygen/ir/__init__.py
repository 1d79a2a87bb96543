"""The values every stage shares: tensors, operators, the graph, and kernel calls. Frozen, no I/O.

    .tflite -> Graph(Tensor, Node(Op)) -> KernelCall | Alias -> MemoryPlan -> C

`Op` knows what an operator means and which kernel computes it; it knows no C. `KernelCall` is
all that later stages see: a kernel's name, the tensors it touches, its parameters and constants.
"""

from __future__ import annotations

from tinygen.ir.calls import (
    PORTABLE,
    Alias,
    Constant,
    Kernel,
    KernelCall,
    Layout,
    Lowered,
    Overlap,
    ParamValue,
    Place,
    portable,
)
from tinygen.ir.edges import (
    Edge,
    dequantize,
    format_shape,
    input_edges,
    output_edges,
    quantize,
)
from tinygen.ir.graph import Graph, Node, State
from tinygen.ir.intervals import Interval
from tinygen.ir.model import Int8Model
from tinygen.ir.op import Op
from tinygen.ir.order import Order
from tinygen.ir.tensors import (
    ABSENT,
    Array,
    DType,
    Given,
    Operands,
    Quant,
    Shape,
    Tensor,
    TensorId,
    Values,
)

__all__ = [
    "ABSENT",
    "PORTABLE",
    "Alias",
    "Array",
    "Constant",
    "DType",
    "Edge",
    "Given",
    "Graph",
    "Int8Model",
    "Interval",
    "Kernel",
    "KernelCall",
    "Layout",
    "Lowered",
    "Node",
    "Op",
    "Operands",
    "Order",
    "Overlap",
    "ParamValue",
    "Place",
    "Quant",
    "Shape",
    "State",
    "Tensor",
    "TensorId",
    "Values",
    "dequantize",
    "format_shape",
    "input_edges",
    "output_edges",
    "portable",
    "quantize",
]
