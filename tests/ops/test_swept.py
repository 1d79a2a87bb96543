"""Whatever TFLM runs is compiled and equal: operators of two tensors over ranks, broadcasting,
types and the place of a constant. What it refuses may be compiled all the same, by aot alone."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

from tests.ops.tflite_file import options_of, run_tflm, single_operator, tensor
from tinygen import tflite
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, Shape, Tensor

SHAPES: tuple[Shape, ...] = ((5,), (3, 4), (2, 3, 2, 4), (2, 2, 3, 2, 3), (2, 1, 2, 2, 2, 3))
PLACES = (None, 0, 1)
"""Which of both is constant."""
TYPES = (DType.INT8, DType.INT32, DType.BOOL)
ARITHMETIC = ("ADD", "SUB", "MUL", "DIV", "SQUARED_DIFFERENCE")
KINDS = (
    *ARITHMETIC,
    *("MAXIMUM", "MINIMUM", "PRELU", "LOGICAL_AND", "LOGICAL_OR"),
    *("EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"),
)
MASKS = KINDS[-8:]
"""What gives booleans."""


def pairs(shape: Shape) -> Iterator[tuple[Shape, Shape]]:
    """The shape and others that are broadcast with it."""
    yield shape, shape
    yield shape, ()
    yield shape[-1:], shape
    yield (
        tuple(1 if i % 2 else d for i, d in enumerate(shape)),
        tuple(d if i % 2 else 1 for i, d in enumerate(shape)),
    )


def described(dims: Shape, dtype: DType, data: Array | None = None, scale: float = 0.1) -> Tensor:
    coded = dtype is DType.INT8
    made = tensor(dims, dtype, scale if coded else None, 3 if coded else 0, data=data)
    assert made.shape == dims
    return made


def values_of(dims: Shape, dtype: DType, rng: np.random.Generator) -> Array:
    if dtype is DType.BOOL:
        return rng.integers(0, 2, dims).astype(np.bool_)
    found = rng.integers(*((-128, 128) if dtype is DType.INT8 else (-99, 100)), dims)
    return np.where(found == 0, 1, found).astype(dtype.numpy)  # no divisor of int32 is zero


def cases(kind: str) -> Iterator[tuple[str, bytes, list[Array]]]:
    """Files of the operator with the values of their inputs."""
    options: dict[str, Any] | None = None if options_of(kind) == "NONE" else {}
    types = TYPES[2:] if kind.startswith("LOGICAL") else TYPES  # TFLM does not look at theirs
    for dtype, shape, place in product(types, SHAPES, PLACES):
        for number, dims in enumerate(pairs(shape)):
            name = f"{kind} {dtype.value} {dims}, constant: {place}"
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            given = [values_of(d, dtype, rng) for d in dims]
            if place is not None and not dims[place]:
                continue  # a constant without dimensions is its only element, as any other
            inputs = [
                described(d, dtype, values if place == i else None)
                for i, (d, values) in enumerate(zip(dims, given, strict=True))
            ]
            made = np.broadcast_shapes(*dims)
            result = DType.BOOL if kind in MASKS else dtype
            scale = 0.02 if kind == "DIV" else 0.7 if kind in ARITHMETIC else 0.1
            content = single_operator(kind, inputs, [described(made, result, None, scale)], options)
            live = [values for i, values in enumerate(given) if i != place]
            yield f"{name} ({number})", content, live


def computed(content: bytes, live: list[Array]) -> Array | UnsupportedModel:
    """What tinygen computes, having lowered it; or why it does not."""
    graph = tflite.read(content, "swept")
    (node,) = graph.nodes
    io, given = graph.operands(node), iter(live)
    values = [t.data if t.constant else next(given) for t in io.every_input]
    try:
        assert node.op.infer(io) == (io.output.shape,)
        assert node.op.lower(io)
        return node.op.reference(io, values)[0]
    except UnsupportedModel as error:
        return error


@pytest.mark.parametrize("kind", KINDS)
def test_what_tflm_runs_is_compiled_and_equal(kind: str) -> None:
    ran = 0
    for name, content, live in cases(kind):
        try:
            expected = run_tflm(content, live)[0]
        except RuntimeError:
            continue
        got = computed(content, live)
        if kind == "DIV" and isinstance(got, UnsupportedModel):
            assert "shifts an int32" in got.why, name
            continue
        assert not isinstance(got, UnsupportedModel), f"{name}: {got}"
        np.testing.assert_array_equal(got, expected, name, strict=True)
        ran += 1
    assert ran >= len(SHAPES) * len(PLACES)
