"""Arithmetic of float32 that a pass left between DEQUANTIZE and QUANTIZE. No file holds these.

Sums, products, quotients and roots of two float32 have one right result, which every processor and
C library gives. An operator that is made of them alone, in TFLM's order, is therefore compiled as
exactly as one of int8 (`passes/compute_reals.py`); one that takes exp or log is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    KernelCall,
    Lowered,
    Op,
    Operands,
    Overlap,
    Shape,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.activation import Activation, real_range
from tinygen.ops.pairs import loops_of
from tinygen.ops.parse import Parsed
from tinygen.ops.reduction import Reduction

LARGEST = float(np.finfo(np.float32).max)

_ZERO, _ONE, _SIX = (np.float32(x) for x in (0.0, 1.0, 6.0))


def _clamped(value: Array, low: np.float32, high: np.float32) -> Array:
    """As TFLM's max, then min: what is no number stays that."""
    raised = np.where(value < low, low, value)
    return np.where(high < raised, high, raised)


def _rounded(value: Array) -> Array:
    """To the nearest whole number, of two to the even one."""
    low = np.floor(value)
    rest = value - low
    return np.where((rest < 0.5) | ((rest == 0.5) & (low % 2 == 0)), low, low + _ONE)


MAPS: Mapping[str, Callable[[Array, np.float32], Array]] = {
    "ABS": lambda x, _: np.abs(x),
    "NEG": lambda x, _: -x,
    "SQUARE": lambda x, _: x * x,
    "SQRT": lambda x, _: np.sqrt(x),
    "RSQRT": lambda x, _: _ONE / np.sqrt(x),
    "FLOOR": lambda x, _: np.floor(x),
    "CEIL": lambda x, _: np.ceil(x),
    "ROUND": lambda x, _: _rounded(x),
    "SIGN": lambda x, _: np.where(x > 0, _ONE, np.where(x < 0, -_ONE, _ZERO)),
    "RELU": lambda x, _: np.where(x < _ZERO, _ZERO, x),
    "RELU6": lambda x, _: _clamped(x, _ZERO, _SIX),
    "RELU_N1_TO_1": lambda x, _: _clamped(x, -_ONE, _ONE),
    "LEAKY_RELU": lambda x, alpha: np.where(x > 0, x, x * alpha),
}
"""Functions of one float32, some with a slope. Their order is the kernel's."""

PAIRS: Mapping[str, Callable[[Array, Array], Array]] = {
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
    "DIV": lambda a, b: a / b,
    "MAXIMUM": lambda a, b: np.where(a > b, a, b),
    "MINIMUM": lambda a, b: np.where(a < b, a, b),
    "SQUARED_DIFFERENCE": lambda a, b: (a - b) * (a - b),
    "PRELU": lambda a, b: np.where(a >= 0, a, a * b),
}
"""Functions of two. Their order is the kernel's."""

_CLAMPED = ("ADD", "SUB", "MUL", "DIV")
"""What has an activation is clamped to what is finite even where that is none."""

APART = ("ADD_N", "HARD_SWISH", "L2_NORMALIZATION")
"""What is made of these (`passes/take_apart.py`)."""

FOLDS: Mapping[str, Callable[[Array, Array], Array]] = {
    "SUM": lambda total, x: total + x,
    "MEAN": lambda total, x: total + x,
    "REDUCE_MAX": lambda most, x: np.where(x > most, x, most),
    "REDUCE_MIN": lambda least, x: np.where(x < least, x, least),
}
"""What makes one number of many, one after the other in the order of the input."""


class _Real(Parsed):
    """What these operators share: float32 in, float32 out."""

    def check(self, io: Operands) -> None:
        for index in range(self.operands):
            require.dtype(self.kind, io.input(index), DType.FLOAT32)
        require.dtype(self.kind, io.output, DType.FLOAT32)

    @property
    def operands(self) -> int:
        """How many inputs hold numbers."""
        return 1


@dataclass(frozen=True)
class RealMap(_Real):
    function: str
    """One of MAPS."""
    slope: float = 0.0
    """Of a LEAKY_RELU below zero."""

    kind = "REAL_MAP"

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        return (io.input(0).shape,)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        with np.errstate(all="ignore"):
            return (np.asarray(MAPS[self.function](values[0], np.float32(self.slope)), np.float32),)

    def kernels(self, io: Operands) -> Lowered:
        call = KernelCall(
            kernel=portable("real_map"),
            inputs=(io.input(0).id,),
            outputs=(io.output.id,),
            params={
                "count": io.output.elements,
                "function": list(MAPS).index(self.function),
                "slope": self.slope,
            },
            overlaps=(Overlap(0, 0, io.output.nbytes),),
        )
        return (call,)


@dataclass(frozen=True)
class RealPair(_Real):
    function: str
    """One of PAIRS."""
    activation: Activation | None = Activation.NONE
    """None where a result may be infinite."""

    kind = "REAL_PAIR"
    arity = (2, 2)

    @property
    def operands(self) -> int:
        return 2

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shapes = io.input(0).shape, io.input(1).shape
        try:
            return (np.broadcast_shapes(*shapes),)
        except ValueError:
            raise UnsupportedModel(
                f"{self.function} cannot combine the shapes {list(shapes[0])} and {list(shapes[1])}"
            ) from None

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:  # noqa: ARG002
        with np.errstate(all="ignore"):
            found = PAIRS[self.function](*values)
        if self.function in _CLAMPED and self.activation is not None:
            found = _clamped(found, *(np.float32(end) for end in real_range(self.activation)))
        return (np.asarray(found, np.float32),)

    def kernels(self, io: Operands) -> Lowered:
        a, b, target = io.input(0), io.input(1), io.output
        clamped = self.function in _CLAMPED and self.activation is not None
        low, high = real_range(self.activation or Activation.NONE)
        overlaps = tuple(
            Overlap(i, 0, target.nbytes)
            for i, t in enumerate((a, b))
            if t.elements == target.elements and not t.constant
        )
        call = KernelCall(
            kernel=portable("real_pair"),
            inputs=(a.id, b.id),
            outputs=(target.id,),
            params={
                **loops_of(self.function, target.shape, a.shape, b.shape),
                "function": list(PAIRS).index(self.function),
                "clamped": int(clamped),
                "minimum": low,
                "maximum": high,
            },
            overlaps=overlaps,
        )
        return (call,)


@dataclass(frozen=True)
class RealFold(Reduction):
    function: str = "SUM"
    """One of FOLDS."""

    kind = "REAL_FOLD"

    def check(self, io: Operands) -> None:
        require.dtype(self.kind, io.input(0), DType.FLOAT32)
        require.dtype(self.kind, io.output, DType.FLOAT32)

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        reduced = sorted(self.axes(io))
        kept = [axis for axis in range(values[0].ndim) if axis not in reduced]
        rows = values[0].transpose(*reduced, *kept).reshape(self.count(io), -1)
        found = np.full(rows.shape[1:], self._start(), np.float32)
        with np.errstate(all="ignore"):
            for row in rows:  # one after the other: every sum is rounded
                found = FOLDS[self.function](found, row)
            if self.function == "MEAN":
                found = found / np.float32(self.count(io))
        return (np.asarray(found, np.float32).reshape(io.output.shape),)

    def kernels(self, io: Operands) -> Lowered:
        params = {
            "function": list(FOLDS).index(self.function),
            "start": self._start(),
            "divisor": float(np.float32(self.count(io))) if self.function == "MEAN" else 1.0,
        }
        return (self.call(portable("real_fold"), io, params),)

    def _start(self) -> float:
        return {"REDUCE_MAX": -LARGEST, "REDUCE_MIN": LARGEST}.get(self.function, 0.0)


def real_of(op: Op) -> RealMap | RealPair | RealFold | None:
    """What an operator of a file computes on float32, where all of it is exact."""
    if isinstance(op, RealMap | RealPair | RealFold):
        return op
    if op.kind in MAPS:
        return RealMap(op.kind, float(getattr(op, "alpha", 0.0)))
    if op.kind in PAIRS:
        return RealPair(op.kind, getattr(op, "activation", Activation.NONE))
    if op.kind in FOLDS and isinstance(op, Reduction):
        return RealFold(op.keep_dims, op.kind)
    return None
