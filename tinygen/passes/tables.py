"""Nodes that map each int8 code of one tensor to a code: what passes ask of them."""

from __future__ import annotations

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Graph, KernelCall, Node, TensorId, portable
from tinygen.ops import Table
from tinygen.ops.elementwise import Elementwise
from tinygen.ops.lookup import Lookup
from tinygen.ops.quantize import Quantize

CODES = np.arange(-128, 128)
"""Every code, in the order of a table."""


def table_of(graph: Graph, node: Node) -> tuple[TensorId, Array] | None:
    """The tensor that is read and the code for each of `CODES`, int8[256]; None for a node that is
    no table."""
    if not isinstance(node.op, Lookup | Quantize | Elementwise):
        return None
    io = graph.operands(node)
    if {io.output.dtype, *(t.dtype for t in io.inputs if t is not None)} != {DType.INT8}:
        return None
    try:
        call = node.op.lower(io)[0]
    except UnsupportedModel:  # which compiling it says
        return None
    if not isinstance(call, KernelCall) or call.kernel != portable("lookup"):
        return None
    if graph.tensors[call.inputs[0]].shape != io.output.shape:
        return None
    by_byte = call.constants["table"].data  # code c is at the byte that it is
    return call.inputs[0], by_byte[CODES.astype(np.uint8)]


def as_table(kinds: str, table: Array) -> Table:
    """The operator of this table, which stands for operators of these kinds."""
    return Table(kinds, tuple(int(code) for code in table))


def kinds_of(node: Node) -> str:
    """The operators that a node stands for."""
    return node.op.function if isinstance(node.op, Table) else node.op.kind
