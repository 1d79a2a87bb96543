"""EMBEDDING_LOOKUP: rows of a table, picked by index, as they are or as real values."""

from __future__ import annotations

import math
from dataclasses import replace

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Tensor,
    Values,
    dequantize,
    portable,
)
from tinygen.ops import require
from tinygen.ops.gather import Gather
from tinygen.ops.move import Move

_ROWS = Gather(0)


class EmbeddingLookup(Move):
    """Inputs: indices, a table. GATHER of its rows; where the table is int8 and the output
    float32, each code times the table's scale."""

    kind = "EMBEDDING_LOOKUP"
    arity = (2, 2)

    def moved(self, io: Operands) -> tuple[Tensor, ...]:
        return (io.input(1),)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        if len(io.input(0).shape) != 1 or len(io.input(1).shape) < 2:
            shapes = [list(tensor.shape) for tensor in io.every_input]
            raise UnsupportedModel(f"EMBEDDING_LOOKUP of {shapes[1]} by {shapes[0]}")
        return _ROWS.infer(_turned(io))

    def check(self, io: Operands) -> None:
        if not _real(io):
            _ROWS.check(_turned(io))
            return
        table = io.input(1)
        require.dtype(self.kind, io.input(0), DType.INT32)
        require.per_tensor(self.kind, table)
        if table.q.zero_point:
            raise UnsupportedModel(
                f"EMBEDDING_LOOKUP of '{table.name}', which has the zero point "
                f"{table.q.zero_point}",
                why="TensorFlow Lite Micro does not run it",
                next_step="convert the model again: a table of weights has the zero point 0",
            )

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        (rows,) = _ROWS.compute(_turned(io), Values((values[1], values[0])))
        return (dequantize(rows, io.input(1).q.scale, 0) if _real(io) else rows,)

    def kernels(self, io: Operands) -> Lowered:
        if not _real(io):
            return _ROWS.kernels(_turned(io))
        indices, table, target = io.input(0), io.input(1), io.output
        call = KernelCall(
            kernel=portable("embedding_lookup"),
            inputs=(indices.id, table.id),
            outputs=(target.id,),
            params={
                "picks": indices.elements,
                "rows": table.shape[0],
                "length": math.prod(table.shape[1:]),
                "scale": table.q.scale,
            },
        )
        return (call,)

    def index_limit(self, io: Operands, position: int) -> int | None:
        return io.input(1).shape[0] if position == 0 else None


def _real(io: Operands) -> bool:
    """Whether codes become real values."""
    return io.input(1).dtype is DType.INT8 and io.output.dtype is DType.FLOAT32


def _turned(io: Operands) -> Operands:
    return replace(io, inputs=io.inputs[::-1])
