"""Random cases of numbers without a scale: int32, float32, booleans, and as another type."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from tests.ops.drawn_moves import Draw, Rng, quant, shape
from tests.ops.harness import Case, case, int8, int32, random_array, tensor
from tinygen.ir import Array, DType, Shape, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.binary import Binary
from tinygen.ops.cast import Cast
from tinygen.ops.comparison import Comparison
from tinygen.ops.div import Div
from tinygen.ops.fill import Fill
from tinygen.ops.maximum import Maximum, Minimum
from tinygen.ops.mul import Mul
from tinygen.ops.squared_difference import SquaredDifference
from tinygen.ops.sub import Sub

TYPES = {DType.FLOAT32: 0, DType.INT32: 2, DType.BOOL: 6, DType.INT16: 7, DType.INT8: 9}
"""By the schema's numbers."""
WHOLES: Mapping[str, Callable[[Activation], Binary]] = {
    "ADD": Add,
    "SUB": Sub,
    "MUL": Mul,
    "DIV": Div,
    "MAXIMUM": lambda _: Maximum(),
    "MINIMUM": lambda _: Minimum(),
    "SQUARED_DIFFERENCE": lambda _: SquaredDifference(),
}


def plain(dtype: DType, dims: Shape = (), data: Array | None = None) -> Tensor:
    """A tensor of any type, with a quantization where it is one of codes."""
    coded = dtype in (DType.INT8, DType.INT16)
    return tensor(dims, dtype, scale=0.1 if coded else None, data=data)


def numbers(dims: Shape, dtype: DType, rng: Rng) -> Array:
    """Few different ones, so that some are equal, and large ones."""
    if dtype is DType.BOOL:
        return random_array(dims, dtype, rng)
    factor = 1 if rng.integers(2) else 1 << 20
    return np.asarray(rng.integers(-2, 3, dims) * factor, dtype.numpy)


def broadcast(rng: Rng) -> tuple[Shape, Shape]:
    """A shape, and one that is broadcast to it."""
    dims = shape(rng)
    return dims, tuple(1 if rng.integers(3) == 0 else d for d in dims)


def whole_pair(kind: str, rng: Rng) -> Case:
    """Arithmetic of int32. No divisor is zero: the wheel would not return from one."""
    dims, other = broadcast(rng)
    code = int(rng.integers(4)) if kind in ("SUB", "MUL", "DIV") else 0
    values = [
        rng.integers(-(1 << 31), 1 << 31, s).astype(np.int32) >> int(rng.integers(0, 31))
        for s in (dims, other)
    ]
    if kind == "DIV":
        values[1][values[1] == 0] = 7
        values[0][values[0] == -(1 << 31)] = -5
    constant = bool(rng.integers(2))
    second = int32(values[1]) if constant else tensor(other, DType.INT32)
    return case(
        WHOLES[kind](Activation(code)),
        [tensor(dims, DType.INT32), second],
        [tensor((), DType.INT32)],
        name=f"{kind} of int32 {dims} {other}",
        options={"fusedActivationFunction": code} if kind in ("ADD", "SUB", "MUL", "DIV") else {},
        values=[values[: 2 - constant]],
    )


def or_whole(kind: str, draw: Draw, rng: Rng) -> Case:
    """Codes mostly, else int32."""
    return draw(rng) if rng.integers(4) else whole_pair(kind, rng)


def compared(kind: type[Comparison], rng: Rng) -> Case:
    """Numbers of a type without a scale."""
    (dims, other), dtype = broadcast(rng), kind.plain[int(rng.integers(len(kind.plain)))]
    values = [[numbers(s, dtype, rng) for s in (dims, other)]]
    inputs = [tensor(dims, dtype), tensor(other, dtype)]
    return case(
        kind(),
        inputs,
        [tensor((), DType.BOOL)],
        values=values,
        options={},
        name=f"{kind.kind} {dtype}",
    )


def cast(rng: Rng) -> Case:
    source, target = (list(TYPES)[int(n)] for n in rng.integers(0, len(TYPES), 2))
    dims = shape(rng)
    values = random_array(dims, source, rng)
    if source is DType.FLOAT32 and target is not DType.FLOAT32:
        values = (values * 10.0 ** rng.integers(0, 12)).astype(np.float32)
    codes = TYPES[source], TYPES[target]
    return case(
        Cast(*codes),
        [plain(source, dims)],
        [plain(target, dims)],
        name=f"{source.value} to {target.value}",
        values=[[values]],
        options=dict(zip(("inDataType", "outDataType"), codes, strict=True)),
    )


def fill(rng: Rng) -> Case:
    dtype = (DType.INT8, DType.INT32, DType.FLOAT32)[int(rng.integers(3))]
    dims = int32(np.array(shape(rng, 1, 6)))
    q = quant(rng)
    number, target = (int8((), *q) if dtype is DType.INT8 else tensor((), dtype) for _ in range(2))
    return case(Fill(), [dims, number], [target], values=[[random_array((), dtype, rng)]])


PLAIN: Mapping[str, Draw] = {"CAST": cast, "FILL": fill}
