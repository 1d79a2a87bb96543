"""ADD, SUB and MUL: kernel = reference = TFLM over scales, shapes and activations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, tensor
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, DType, KernelCall, Operands, Overlap, Quant, Shape, Tensor, portable
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.elementwise import Elementwise
from tinygen.ops.mul import Mul
from tinygen.ops.sub import Sub

ALL = (Add, Sub, Mul)
SMALL: tuple[tuple[float, int], ...] = ((0.05, -3), (0.11, 40), (0.13, -20))
"""Scale and zero point of both inputs and the output."""
SHAPES: tuple[tuple[Shape, Shape], ...] = (
    ((1, 3, 4, 5), (1, 3, 4, 5)),
    ((1, 1), (1, 1)),
    ((7,), (7,)),
    ((1, 3, 4, 5), (5,)),  # a number per channel
    ((5,), (1, 3, 4, 5)),
    ((2, 3, 4, 5), (2, 1, 1, 5)),  # a number per image and channel
    ((2, 3, 4), (2, 3, 1)),  # a number per pixel
    ((3, 1), (1, 4)),  # both are broadcast
    ((2, 1, 3, 1, 2), (1, 4, 1, 5, 1)),  # five loops, the most
    ((1, 6), ()),
    ((4, 1), (1, 1, 1)),
)


def binary(
    kind: type[Elementwise],
    shapes: tuple[Shape, Shape],
    quants: tuple[tuple[float, int], ...] = SMALL,
    activation: Activation = Activation.NONE,
    *,
    constant: tuple[Array | None, Array | None] = (None, None),
    values: list[list[Array]] | None = None,
    seed: int = 0,
) -> Case:
    inputs = [
        int8(shape, *quant, data=data)
        for shape, quant, data in zip(shapes, quants[:2], constant, strict=True)
    ]
    return case(
        kind(activation),
        inputs,
        [int8((), *quants[2])],
        name=f"{kind.kind} {shapes} {quants} {activation.name}",
        options={"fusedActivationFunction": activation.value},
        values=values,
        seed=seed,
    )


def every_pair(kind: type[Elementwise], *quants: tuple[float, int]) -> Case:
    """All 65536 pairs of codes."""
    codes = np.arange(256, dtype=np.uint8).view(np.int8)
    return binary(
        kind, ((256, 1), (1, 256)), quants, values=[[codes.reshape(256, 1), codes.reshape(1, 256)]]
    )


def edge_cases() -> Iterator[Case]:
    rng = np.random.default_rng(1)
    for kind in ALL:
        yield from (binary(kind, shapes) for shapes in SHAPES)
        for activation in Activation:
            yield binary(kind, ((4, 8), (4, 8)), SMALL, activation)
        scalar = np.array([-77], np.int8)
        yield binary(kind, ((2, 9), (1,)), constant=(None, scalar))
        yield binary(kind, ((1,), (2, 9)), constant=(scalar, None))
        channels = rng.integers(-128, 128, 9, dtype=np.int8)
        yield binary(kind, ((2, 9), (9,)), constant=(None, channels))
        yield every_pair(kind, *SMALL)
        yield every_pair(kind, (0.5, -128), (0.001, 127), (0.5, 127))
        yield every_pair(kind, (3.0, 127), (3.0, -128), (0.01, 0))


def random_cases(count: int) -> Iterator[Case]:
    rng = np.random.default_rng(2)
    for seed in range(count):
        quants = tuple(
            (float(np.exp(rng.uniform(-6, 1))), int(rng.integers(-128, 128))) for _ in range(3)
        )
        activation = list(Activation)[int(rng.integers(0, 4))]
        for kind in ALL:
            yield binary(kind, ((8, 16), (8, 16)), quants, activation, seed=seed)


def test_edge_cases_equal_tflm() -> None:
    check_against_tflm(list(edge_cases()))


def test_random_scales_equal_tflm() -> None:
    check_against_tflm(list(random_cases(60)))


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check(list(edge_cases()), tmp_path)


def test_which_inputs_may_be_overwritten() -> None:
    (call,) = _lowered(binary(Add, ((2, 3), (2, 3))))
    assert call.overlaps == (Overlap(0, 0, 6), Overlap(1, 0, 6))
    (call,) = _lowered(binary(Add, ((2, 3), (3,))))
    assert call.overlaps == (Overlap(0, 0, 6),)
    (call,) = _lowered(binary(Add, ((3, 1), (1, 4))))
    assert call.overlaps == ()


def test_a_constant_scalar_becomes_a_table() -> None:
    scalar = np.array(5, np.int8)
    (call,) = _lowered(binary(Mul, ((2, 3), ()), constant=(None, scalar)))
    assert call.kernel == portable("lookup")


@pytest.mark.parametrize("dtype", [DType.INT64, DType.FLOAT32])
def test_plain_numbers_are_computed_but_not_compiled(dtype: DType) -> None:
    plain = [Tensor(i, f"t{i}", (3,), dtype) for i in range(3)]
    io = Operands((plain[0], plain[1]), (plain[2],))
    a, b = np.array([7, -3, 0], dtype.numpy), np.array([2, 5, -9], dtype.numpy)
    for kind, expected in ((Add, a + b), (Sub, a - b), (Mul, a * b)):
        (got,) = kind(Activation.NONE).reference(io, (a, b))
        np.testing.assert_array_equal(got, expected, strict=True)
        with pytest.raises(UnsupportedModel, match=kind.kind):
            kind(Activation.NONE).lower(io)


def test_unsupported_shapes_and_scales_are_refused() -> None:
    add = Add(Activation.NONE)
    with pytest.raises(UnsupportedModel, match="shapes"):
        add.infer(Operands((int8((2, 3)), int8((4,))), ()))
    six = binary(Add, ((2, 1, 2, 1, 2, 1), (1, 2, 1, 2, 1, 2)), values=[])
    with pytest.raises(UnsupportedModel, match="broadcasts"):
        six.op.lower(six.io)
    tiny = case(add, [int8((2,), 1.0), int8((2,), 1.0)], [int8((), 1e-7)], values=[])
    with pytest.raises(UnsupportedModel, match="scale"):
        tiny.op.lower(tiny.io)
    per_channel = tensor((2,), DType.INT8, scale=[0.1, 0.2])
    assert per_channel.quant == Quant((float(np.float32(0.1)), float(np.float32(0.2))), (0, 0))
    mixed = case(add, [per_channel, int8((2,), 1.0)], [int8()], values=[])
    with pytest.raises(UnsupportedModel, match="per channel"):
        mixed.op.lower(mixed.io)


def _lowered(one: Case) -> list[KernelCall]:
    return [call for call in one.op.lower(one.io) if isinstance(call, KernelCall)]
