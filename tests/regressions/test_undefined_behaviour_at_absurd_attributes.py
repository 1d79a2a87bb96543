"""A dilation of 2^29 in a broken file was compiled, and its generated C multiplied it by the width
of the image: signed overflow, undefined in C. Every attribute has bounds now, within which kernels
do not overflow.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check_on_host, int8, int32
from tinygen import passes
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, Graph, Node, Quant, Tensor
from tinygen.ops.activation import Activation
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.fill import Fill
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.mul import Mul
from tinygen.ops.spatial import Border, Padding
from tinygen.ops.strided_slice import StridedSlice
from tinygen.ops.transpose import Transpose

NUMBERS = (
    1,
    2,
    3,
    255,
    1 << 12,
    (1 << 15) - 1,
    1 << 15,
    1 << 16,
    1 << 20,
    1 << 24,
    1 << 29,
    (1 << 31) - 1,
)
Q = (0.05, -62)
DEPTHWISE, CONV = "depthwise", "conv"


def windowed(kind: str, taps: int, stride: int, dilation: int, border: Padding | Border) -> Case:
    """A window over an image of 5x6x5, along its height; from one column to the next it steps 1."""
    rng = np.random.default_rng(taps)
    source, target = int8((1, 5, 6, 5), *Q), int8((), 0.3, 7)
    name = f"{kind} {taps} taps, stride {stride}, dilation {dilation}, {border}"
    if kind in (DEPTHWISE, CONV):
        type_ = DepthwiseConv2D if kind == DEPTHWISE else Conv2D
        data = rng.integers(-127, 128, (1 if kind == DEPTHWISE else 4, taps, 1, 5))
        scales = [0.01] * (5 if kind == DEPTHWISE else 4)
        weights = int8(data=data, scale=scales, axis=3 if kind == DEPTHWISE else 0)
        op = type_(border, stride, 1, dilation, 1)
        return case(op, [source, weights, None], [target], name=name)
    pool = AveragePool2D if kind == "average" else MaxPool2D
    return case(pool(border, stride, 1, taps, 1), [source], [int8((), *Q)], name=name)


def windows(kind: str) -> Iterator[tuple[Case | None, tuple[int, int, int]]]:
    """Every case that is accepted, None for one that is refused."""
    taps = NUMBERS if kind in ("average", "max") else (1, 2, 3)
    dilations = (1,) if kind in ("average", "max") else NUMBERS
    borders: tuple[Padding | Border, ...] = (Padding.SAME, Padding.VALID, Border(1, 1, 0, 0))
    numbers = itertools.product(taps, NUMBERS, dilations)
    for (tap, stride, dilation), border in itertools.product(numbers, borders):
        try:
            yield windowed(kind, tap, stride, dilation, border), (tap, stride, dilation)
        except UnsupportedModel:
            yield None, (tap, stride, dilation)


@pytest.mark.invariant("S20")
@pytest.mark.parametrize("kind", [DEPTHWISE, CONV, "average", "max"])
def test_windows_at_their_bounds(kind: str, tmp_path: Path) -> None:
    """What is accepted computes what the reference does under UBSan, and what is absurd is not."""
    made = list(windows(kind))
    accepted = [one for one, _ in made if one is not None]
    largest = {numbers for one, numbers in made if one is not None}
    assert max(max(numbers) for numbers in largest) >= (1 << 15) - 1, "refuses what works"
    # TensorFlow Lite Micro keeps a stride and a dilation in 16 bits: of 65,536 it ran 0.
    assert all(max(stride, dilation) < 1 << 15 for _, stride, dilation in largest)
    assert not any(max(numbers) >= 1 << 24 for numbers in largest)
    rng = np.random.default_rng(0)
    hardest = sorted(accepted, key=lambda one: -sum(_numbers(one)))[:24]
    drawn = [accepted[i] for i in rng.choice(len(accepted), 16, replace=False)]
    check_on_host([*hardest, *drawn], tmp_path)


def _numbers(one: Case) -> list[int]:
    return [v for v in vars(one.op).values() if isinstance(v, int)]


def test_the_dilation_of_the_case() -> None:
    """2^29 rows from tap to tap, of which there is one."""
    with pytest.raises(UnsupportedModel, match="536870912"):
        windowed(DEPTHWISE, 1, 3, 1 << 29, Padding.SAME)


def test_steps_of_a_slice_and_an_order(tmp_path: Path) -> None:
    """A step beyond the tensor takes one element, and is nowhere multiplied."""
    far = (1 << 31) - 1
    ends = ((0, 1), (3, -7), (far, -far))
    taken = [int8((3, 7), *Q), *(int32(np.array(end)) for end in ends)]
    slices = case(StridedSlice(0, 2, 0), taken, [int8((), *Q)])
    order = int32(np.array((3, 0, 2, 1)))
    turned = case(Transpose(), [int8((1, 7, 2, 3), *Q), order], [int8((), *Q)])
    check_on_host([slices, turned], tmp_path)


@pytest.mark.parametrize("scale", [1e-4, 1e-5, 1e-6, 2e-7])
def test_a_product_far_beyond_its_output(scale: float, tmp_path: Path) -> None:
    """MUL's code plus the zero point may pass int32: it wraps, as TFLM's does."""
    inputs = [int8((1, 256), 1.0, -128), int8((1, 256), 1.0, 127)]
    check_on_host([case(Mul(Activation.NONE), inputs, [int8((), scale, 127)])], tmp_path)


def test_a_tensor_beyond_int32() -> None:
    """Its bytes are counted in int32 by the kernels."""
    tensors = {0: Tensor(0, "huge", (1, 1 << 16, 1 << 15), DType.INT8, Quant((0.1,), (0,)), None)}
    graph = Graph("huge", tensors, (), (0,), (0,))
    with pytest.raises(UnsupportedModel, match="'huge'"):
        graph.verify()


def test_a_constant_of_gigabytes_is_not_computed() -> None:
    """A FILL of 2^29 out of two constants of one element."""
    shape, value = int32(np.array([1 << 29])), int32(np.array(7))
    tensors = {
        i: Tensor(i, f"t{i}", t.shape, t.dtype, t.quant, t.data)
        for i, t in enumerate((shape, value, Tensor(2, "", (1 << 29,), DType.INT32)))
    }
    graph = Graph("fill", tensors, (Node(Fill(), (0, 1), (2,)),), (), (2,))
    with pytest.raises(UnsupportedModel, match="536,870,912 elements"):
        passes.fold_constants(graph)
