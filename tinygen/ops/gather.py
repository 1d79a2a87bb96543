"""GATHER and GATHER_ND: slices of a tensor, picked by index. An Embedding is a GATHER."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
import tflite

from tinygen.errors import UnsupportedModel
from tinygen.ir import (
    Array,
    DType,
    Given,
    Interval,
    KernelCall,
    Lowered,
    Operands,
    Shape,
    Values,
    portable,
)
from tinygen.ops import require
from tinygen.ops.loops import row_major
from tinygen.ops.move import Move
from tinygen.ops.parse import Parser
from tinygen.ops.relocate import Places, relocate_call

_COUNTS = (DType.INT32, DType.INT64)
_RANK = 6
"""Dimensions that positions may count in."""


@dataclass(frozen=True)
class Gather(Move):
    """Inputs: the tensor, the indices."""

    axis: int
    """The dimension that is picked from; may count from the back."""
    batch_dims: int = 0
    """How many leading dimensions both inputs share."""

    kind = "GATHER"
    arity = (2, 2)

    @classmethod
    def parse(cls, parser: Parser) -> Self:
        options = parser.options(tflite.GatherOptions)
        return cls(int(options.Axis()), int(options.BatchDims()))

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shape, picks = io.input(0).shape, io.input(1).shape
        axis, batch = require.axis(self.kind, self.axis, len(shape)), self.batch_dims
        if not 0 <= batch <= min(axis, len(picks)) or shape[:batch] != picks[:batch]:
            raise UnsupportedModel(
                f"GATHER of {list(shape)} by {list(picks)} along axis {axis}, "
                f"{batch} dimensions of which are the batch"
            )
        return ((*shape[:axis], *picks[batch:], *shape[axis + 1 :]),)

    def check(self, io: Operands) -> None:
        super().check(io)
        require.dtype(self.kind, io.input(1), *_COUNTS)
        indices = io.input(1).data
        size = io.input(0).shape[require.axis(self.kind, self.axis, len(io.input(0).shape))]
        if indices is not None and ((indices < 0) | (indices >= size)).any():
            raise UnsupportedModel(f"GATHER picks outside of '{io.input(0).name}'")

    def index_limit(self, io: Operands, position: int) -> int | None:
        return self._sizes(io)[3] if position == 1 else None

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        batches, outer, picks, size, inner = self._sizes(io)
        # What no runtime defines, an index outside, is defined as the nearest one.
        indices = np.clip(values[1].reshape(batches, 1, picks, 1), 0, size - 1).astype(np.int64)
        slices = values[0].reshape(batches, outer, size, inner)
        return (np.take_along_axis(slices, indices, axis=2).reshape(io.output.shape),)

    def ranges(self, io: Operands, inputs: Given[Interval]) -> tuple[Interval, ...]:
        rank = len(io.input(0).shape)
        stays = require.axis(self.kind, self.axis, rank) < rank - 1
        return (inputs[0] if stays else inputs[0].whole(),)

    def kernels(self, io: Operands) -> Lowered:
        source, indices, target = io.input(0), io.input(1), io.output
        batches, outer, picks, size, inner = self._sizes(io)
        if indices.data is not None:
            picked = indices.data.reshape(batches, picks).astype(np.int64)
            batch = np.arange(batches)[:, None]
            each = Places(
                ((batch * outer * size + picked) * inner).reshape(-1),
                ((batch * outer * picks + np.arange(picks)) * inner).reshape(-1),
            )
            around = Places.of(range(outer), size * inner, picks * inner)
            loops = [around, each] if batches == 1 else [each, around]
            return (relocate_call(source, target, [*loops, Places.of(range(inner), 1, 1)]),)
        require.dtype(self.kind, indices, DType.INT32)
        call = KernelCall(
            kernel=portable("gather"),
            inputs=(source.id, indices.id),
            outputs=(target.id,),
            params={
                "batches": batches,
                "outer": outer,
                "picks": picks,
                "size": size,
                "slice_bytes": inner * target.dtype.size,
            },
        )
        return (call,)

    def _sizes(self, io: Operands) -> tuple[int, int, int, int, int]:
        """Batches, slices of each that are picked from, picks, what there is, elements of one."""
        shape, picks, batch = io.input(0).shape, io.input(1).shape, self.batch_dims
        axis = require.axis(self.kind, self.axis, len(shape))
        return (
            math.prod(shape[:batch]),
            math.prod(shape[batch:axis]),
            math.prod(picks[batch:]),
            shape[axis],
            math.prod(shape[axis + 1 :]),
        )


class GatherNd(Move):
    """Inputs: the tensor, indices, of which the last dimension is one position."""

    kind = "GATHER_ND"
    arity = (2, 2)

    def infer(self, io: Operands) -> tuple[Shape, ...]:
        shape, picks = io.input(0).shape, io.input(1).shape
        if not picks or picks[-1] > len(shape) or len(shape) > _RANK:
            raise UnsupportedModel(f"GATHER_ND of {list(shape)} by {list(picks)}")
        return ((*picks[:-1], *shape[picks[-1] :]),)

    def check(self, io: Operands) -> None:
        super().check(io)
        require.dtype(self.kind, io.input(1), *_COUNTS)
        indices = io.input(1).data
        if indices is None:
            return
        sizes = np.array(io.input(0).shape[: indices.shape[-1]])
        if ((indices < 0) | (indices >= sizes)).any():
            raise UnsupportedModel(f"GATHER_ND picks outside of '{io.input(0).name}'")

    def compute(self, io: Operands, values: Values) -> tuple[Array, ...]:
        # What no runtime defines, a position outside, is defined as the nearest one.
        sizes = np.array(io.input(0).shape[: values[1].shape[-1]], np.int64)
        positions = np.clip(values[1].astype(np.int64), 0, sizes - 1)
        return (values[0][tuple(np.moveaxis(positions, -1, 0))].reshape(io.output.shape),)

    def kernels(self, io: Operands) -> Lowered:
        source, target, indices = io.input(0), io.output, io.input(1)
        depth = indices.shape[-1]
        steps = row_major(source.shape)[:depth]
        inner = math.prod(source.shape[depth:])
        if indices.data is not None:
            at = (indices.data.reshape(-1, depth) * np.array(steps, np.int64)).sum(axis=-1)
            each = Places(at, np.arange(at.size) * inner)
            return (relocate_call(source, target, [each, Places.of(range(inner), 1, 1)]),)
        require.dtype(self.kind, indices, DType.INT32)
        unused, size = (0,) * (_RANK - depth), target.dtype.size
        call = KernelCall(
            kernel=portable("gather_nd"),
            inputs=(source.id, indices.id),
            outputs=(target.id,),
            params={
                "picks": math.prod(indices.shape[:-1]),
                "depth": depth,
                "sizes": (*source.shape[:depth], *unused),
                "steps": (*(size * step for step in steps), *unused),
                "slice_bytes": inner * size,
            },
        )
        return (call,)
