"""Arithmetic of two tensors of int32, as numbers that count and point have it: no scale, and what
does not fit wraps around."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, KernelCall, Operands, portable
from tinygen.ops import require
from tinygen.ops.activation import Activation, whole_range
from tinygen.ops.fixed_point import Int64
from tinygen.ops.pairs import in_place, loops_of


def _quotient(a: Int64, b: Int64) -> Int64:
    """Towards zero, as C divides; by zero, which no runtime defines, it is zero."""
    divisor = np.where(b == 0, 1, b)
    whole: Int64 = np.sign(a) * np.sign(divisor) * (np.abs(a) // np.abs(divisor))
    return np.where(b == 0, 0, whole)


WHOLES: Mapping[str, Callable[[Int64, Int64], Int64]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "DIV": _quotient,
    "MAXIMUM": np.maximum,
    "MINIMUM": np.minimum,
    "SQUARED_DIFFERENCE": lambda a, b: (a - b) ** 2,
}
"""The operators that TFLM computes of int32. Their order is the kernel's."""


def is_whole(kind: str, io: Operands) -> bool:
    """Whether the operator computes int32 here."""
    return kind in WHOLES and io.output.dtype is DType.INT32


def check_whole(kind: str, io: Operands, activation: Activation) -> None:
    """Raise UnsupportedModel unless all tensors are int32 and an activation means the same to
    every runtime."""
    for source in (io.input(0), io.input(1)):
        require.dtype(kind, source, DType.INT32)
    if kind == "ADD" and activation is not Activation.NONE:
        raise UnsupportedModel(
            f"ADD of int32 with a fused activation ('{io.output.name}')",
            why="TensorFlow Lite Micro leaves the activation out, LiteRT does not",
            next_step="make the activation a layer of its own",
        )


def compute_whole(kind: str, activation: Activation, a: Array, b: Array) -> Array:
    """The int32 results for these values, which are broadcast."""
    with np.errstate(over="ignore"):
        wide = WHOLES[kind](a.astype(np.int64), b.astype(np.int64))
    low, high = whole_range(activation)
    return np.clip(wide.astype(np.int32), np.int32(low), np.int32(high))


def whole_call(kind: str, io: Operands, activation: Activation) -> KernelCall:
    """The kernel call that computes them."""
    a, b, target = io.input(0), io.input(1), io.output
    low, high = whole_range(activation)
    return KernelCall(
        kernel=portable("whole_pair"),
        inputs=(a.id, b.id),
        outputs=(target.id,),
        params={
            **loops_of(kind, target.shape, a.shape, b.shape),
            "function": list(WHOLES).index(kind),
            "minimum": low,
            "maximum": high,
        },
        overlaps=in_place(io),
    )
