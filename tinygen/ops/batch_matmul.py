"""BATCH_MATMUL on int8 or int16: matrices of activations, their other dimensions broadcast."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, KernelCall, Lowered, Operands, Shape, Values
from tinygen.ops import require
from tinygen.ops.fixed_point import Int64, quantize_multiplier
from tinygen.ops.kernel_of_type import kernel_of_type
from tinygen.ops.loops import broadcast_loops
from tinygen.ops.parse import Parsed, Parser
from tinygen.ops.requantization import OneRounding, Requantization

_LOOPS = 3
"""Loops over matrices that the kernel has."""


@dataclass(frozen=True)
class BatchMatmul(Parsed):
    """[..., rows, depth] by [..., depth, columns]; either may lie transposed."""

    transposed: tuple[bool, bool]

    kind = "BATCH_MATMUL"
    arity = (2, 2)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.BatchMatMulOptions)
        return cls((bool(options.AdjX()), bool(options.AdjY())))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shapes = tuple(io.input(i).shape for i in (0, 1))
        if min(len(shape) for shape in shapes) >= 2 and 0 not in (*shapes[0], *shapes[1]):
            rows, depth, other, columns = self._sizes(shapes)
            try:
                around = np.broadcast_shapes(shapes[0][:-2], shapes[1][:-2])
            except ValueError:
                around, other = (), -1
            if depth == other:
                return ((*around, rows, columns),)
        raise UnsupportedModel(
            f"BATCH_MATMUL of {list(shapes[0])} by {list(shapes[1])}, transposed: {self.transposed}"
        )

    def check(self, io: Operands) -> None:
        require.activations(self.kind, io.input(0), io.input(1), io.output)
        self._requantization(io)  # raises where int16 has no factor for it

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        a, b = (
            np.swapaxes(centred, -1, -2) if transposed else centred
            for centred, transposed in zip(self._centred(io, values), self.transposed, strict=True)
        )
        return (self._requantization(io).apply(a @ b),)

    def macs(self, io: Operands) -> int:
        return io.output.elements * self._sizes((io.input(0).shape, io.input(1).shape))[1]

    def kernels(self, io: Operands) -> Lowered:
        a, b, target = io.input(0), io.input(1), io.output
        rows, depth, _, columns = self._sizes((a.shape, b.shape))
        loops = broadcast_loops(target.shape[:-2], a.shape[:-2], b.shape[:-2])
        if len(loops.dims) > _LOOPS:
            raise UnsupportedModel(
                f"BATCH_MATMUL broadcasts {list(a.shape)} with {list(b.shape)}",
                why=f"that takes {len(loops.dims)} nested loops, the kernel has {_LOOPS}",
            )
        loops, scale = loops.padded(_LOOPS), self._requantization(io)
        steps = [
            tuple(step * matrix for step in strides)
            for strides, matrix in zip(loops.strides, (rows * depth, depth * columns), strict=True)
        ]
        points = {"zero_point0": a.q.zero_point, "zero_point1": b.q.zero_point}
        if target.dtype is DType.INT16:
            points = {}
        call = KernelCall(
            kernel=kernel_of_type("batch_matmul", target),
            inputs=(a.id, b.id),
            outputs=(target.id,),
            params={
                "dims": loops.dims,
                "strides0": steps[0],
                "strides1": steps[1],
                "rows": rows,
                "depth": depth,
                "columns": columns,
                "row_step": 1 if self.transposed[0] else depth,
                "depth_step0": rows if self.transposed[0] else 1,
                "column_step": depth if self.transposed[1] else 1,
                "depth_step1": 1 if self.transposed[1] else columns,
                **points,
                "multiplier": int(scale.multiplier.item()),
                "shift": int(scale.shift.item()),
                **({"zero_point": scale.zero_point} if points else {}),
            },
        )
        return (call,)

    def _centred(self, io: Operands, values: Values) -> list[Int64]:
        return [value.astype(np.int64) - io.input(i).q.zero_point for i, value in enumerate(values)]

    def _sizes(self, shapes: tuple[Shape, ...]) -> tuple[int, int, int, int]:
        """Rows, depth, the other matrix's depth, columns."""
        first, second = (
            shape[-2:][:: -1 if transposed else 1]
            for shape, transposed in zip(shapes, self.transposed, strict=True)
        )
        return first[0], first[1], second[0], second[1]

    def _requantization(self, io: Operands) -> Requantization:
        # As for a fully connected layer, TFLM multiplies these two scales in float32.
        product = np.float32(io.input(0).q.scale) * np.float32(io.input(1).q.scale)
        multiplier, shift = quantize_multiplier(float(product) / io.output.q.scale)
        made = Requantization(
            np.array([multiplier], np.int32),
            np.array([shift], np.int8),
            io.output.q.zero_point,
            io.output.dtype.low,
            io.output.dtype.high,
            io.output.dtype,
        )
        return OneRounding.of(made, self.kind) if io.output.dtype is DType.INT16 else made
