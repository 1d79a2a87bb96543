"""What an operator does along time: each row of its output from some rows of its inputs.

An operator without a rule, or which a rule refuses, reads its whole window anew with every frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.ir import Op, Operands, Shape, Values
from tinygen.ops.binary import Binary
from tinygen.ops.concatenation import Concatenation
from tinygen.ops.convolution import Convolution
from tinygen.ops.dequantize import Dequantize
from tinygen.ops.float_function import FloatFunction
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.log_softmax import LogSoftmax
from tinygen.ops.lookup import Lookup
from tinygen.ops.mean import Mean
from tinygen.ops.pad import Pad
from tinygen.ops.pool import Pool2D
from tinygen.ops.quantize import Quantize
from tinygen.ops.reshape import SameBytes
from tinygen.ops.slice import Slice
from tinygen.ops.softmax import Softmax
from tinygen.ops.spatial import Extent
from tinygen.ops.strided_slice import StridedSlice
from tinygen.ops.transpose import Transpose
from tinygen.streaming.timeline import ROW, Rows, Timeline, Window

WHOLE = "reads the whole window"


@dataclass(frozen=True)
class ByRows:
    """Each row of the output hangs on the rows of the inputs under a window."""

    axis: int
    """Of time, in the output."""
    window: Window = ROW
    moves: bool = False
    """Whether it only moves what it reads: nothing is gained by keeping its rows."""


@dataclass(frozen=True)
class Whole:
    """All of the output hangs on these rows, None for all of them."""

    why: str = WHOLE
    rows: Rows | None = None


Rule = ByRows | Whole
_Lines = Sequence[Timeline | None]


def rule_of(op: Op, io: Operands, lines: _Lines) -> Rule:
    """What the operator does, of whose inputs these lie in time, and at least one does."""
    if len(io.outputs) != 1:
        return Whole()
    for kinds, rule in _RULES:
        if isinstance(op, kinds):
            first = lines[0]
            several = isinstance(op, Binary | Concatenation)
            if not several and (first is None or any(line is not None for line in lines[1:])):
                return Whole()
            return rule(op, io, lines)
    return Whole()


def _windows(op: Convolution | Pool2D, io: Operands, lines: _Lines) -> Rule:
    line = _first(lines)
    if line.axis not in (1, 2) or any(t is not None and not t.constant for t in io.inputs[1:]):
        return Whole()
    extent = extents(op, io)[line.axis - 1]
    if extent.output == 1:
        return Whole()
    return ByRows(line.axis, Window(extent.span, extent.stride, extent.before))


def extents(op: Convolution | Pool2D, io: Operands) -> tuple[Extent, Extent]:
    """The windows over height and width."""
    if isinstance(op, Convolution):
        return op.extents(io.input(0).shape, io.input(1).shape)
    return op.extents(io.input(0).shape)


def _each(_: Op, io: Operands, lines: _Lines) -> Rule:
    """Element by element, or along the last dimension."""
    line = _first(lines)
    return Whole() if _last(io, line) else ByRows(line.axis)


def _elements(_: Op, io: Operands, lines: _Lines) -> Rule:
    del io
    return ByRows(_first(lines).axis)


def _several(op: Binary | Concatenation, io: Operands, lines: _Lines) -> Rule:
    """Of two tensors, or of as many as are joined."""
    line = next(line for line in lines if line is not None)
    rank = len(io.output.shape)
    if isinstance(op, Concatenation) and op.axis % rank == line.axis:
        return Whole("joins along time")
    if io.output.shape[line.axis] != line.rows:
        return Whole()
    for tensor, other in zip(io.every_input, lines, strict=True):
        if other is None:
            at = line.axis - (rank - len(tensor.shape))
            if not tensor.constant:
                return Whole("meets what hangs on the whole window")
            if at >= 0 and tensor.shape[at] != 1:
                return Whole("has a constant that differs from row to row")
        elif (other.axis, other.rows, other.frames) != (line.axis, line.rows, line.frames):
            return Whole("joins rows of different times")
        elif len(tensor.shape) != rank:
            return Whole()
    return ByRows(line.axis)


def _rows_by_weights(op: FullyConnected, io: Operands, lines: _Lines) -> Rule:
    """A matrix for each row: not where it takes the rows together."""
    line, shape = _first(lines), io.input(0).shape
    constant = all(t is None or t.constant for t in io.inputs[1:])
    if not constant or _last(io, line) or io.input(1).shape[1] != shape[-1]:
        return Whole()
    if op.keep_num_dims:
        return ByRows(line.axis)
    others = math.prod(shape[:-1]) // line.rows
    return ByRows(0) if others == 1 else Whole()


def _same_bytes(_: SameBytes, io: Operands, lines: _Lines) -> Rule:
    """Other dimensions for what is in a row, or rows that are put together to one."""
    line, source, target = _first(lines), io.input(0).shape, io.output.shape
    outside = math.prod(source[: line.axis])
    for axis, size in enumerate(target):
        inner = math.prod(target[axis + 1 :])
        if math.prod(target[:axis]) == outside and size > 1 and line.rows % size == 0:
            together = line.rows // size
            if inner == together * math.prod(source[line.axis + 1 :]):
                return ByRows(axis, Window(together, together), moves=True)
    return Whole()


def _transposed(_: Transpose, io: Operands, lines: _Lines) -> Rule:
    if not io.input(1).constant:
        return Whole()
    return ByRows(io.integers(1).reshape(-1).tolist().index(_first(lines).axis))


def _padded(op: Pad, io: Operands, lines: _Lines) -> Rule:
    line = _first(lines)
    if not io.input(1).constant or op.border(io) is None:
        return Whole()
    return ByRows(line.axis, Window(before=op.paddings(io)[line.axis][0]), moves=True)


def _reduced(op: Mean, io: Operands, lines: _Lines) -> Rule:
    line, axes = _first(lines), op.axes(io)
    if line.axis in axes:
        return Whole()
    gone = 0 if op.keep_dims else sum(axis < line.axis for axis in axes)
    return ByRows(line.axis - gone)


def _taken(op: Slice | StridedSlice, io: Operands, lines: _Lines) -> Rule:
    """Some rows: which, is seen where every element comes from."""
    line, shape = _first(lines), io.input(0).shape
    if not all(t is None or t.constant for t in io.inputs[1:]):
        return Whole()
    numbers = [None if t is None else t.data for t in io.inputs[1:]]
    places = np.arange(math.prod(shape)).reshape(shape)
    (moved,) = op.compute(io, Values((places, *numbers)))
    row = math.prod(shape[line.axis + 1 :])
    first = int(moved.reshape(-1)[0]) // row % line.rows
    count = moved.size * line.rows // places.size
    taken = places.take(range(first, min(first + count, line.rows)), line.axis)
    if taken.size != moved.size or not np.array_equal(taken.reshape(-1), moved.reshape(-1)):
        return Whole()
    if moved.shape == taken.shape and count > 1:
        return ByRows(line.axis, Window(before=-first), moves=True)
    return Whole(f"reads {count} of {line.rows} rows", (first, first + count))


def _first(lines: _Lines) -> Timeline:
    line = lines[0]
    assert line is not None
    return line


def _last(io: Operands, line: Timeline) -> bool:
    """Whether time is the last dimension."""
    return line.axis == len(io.input(0).shape) - 1


def with_rows(shape: Shape, axis: int, rows: Rows) -> Shape:
    """The shape of these rows alone."""
    return (*shape[:axis], rows[1] - rows[0], *shape[axis + 1 :])


_RULES: tuple[tuple[tuple[type[Op], ...], Callable[..., Rule]], ...] = (
    ((Convolution, Pool2D), _windows),
    ((Lookup, Quantize, Dequantize, FloatFunction), _elements),
    ((Softmax, LogSoftmax), _each),
    ((Binary, Concatenation), _several),
    ((FullyConnected,), _rows_by_weights),
    ((SameBytes,), _same_bytes),
    ((Transpose,), _transposed),
    ((Pad,), _padded),
    ((Mean,), _reduced),
    ((Slice, StridedSlice), _taken),
)
"""By the operators' classes; the first that fits."""
