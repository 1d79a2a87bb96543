"""Padding as four numbers: kernel = reference, equal to a rule's numbers and to a PAD in front."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case, check, int8, int32
from tests.ops.weighted_cases import bias_of, input_of, output_of, weights_of
from tinygen.errors import UnsupportedModel
from tinygen.ir import Operands
from tinygen.ops.average_pool_2d import AveragePool2D
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.convolution import Convolution
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.max_pool_2d import MaxPool2D
from tinygen.ops.pad import Pad
from tinygen.ops.spatial import Border, Padding

BORDERS = (Border(2, 0, 1, 2), Border(0, 2, 2, 0), Border(1, 1, 0, 0), Border(0, 0, 0, 2))
CONVOLUTIONS = (Conv2D, DepthwiseConv2D)


def convolution(kind: type[Convolution], padding: Padding | Border, stride: int = 1) -> Case:
    rng = np.random.default_rng(3)
    shape, axis = ((4, 3, 3, 2), 0) if kind is Conv2D else ((1, 3, 3, 4), 3)
    weights = weights_of(shape, axis, rng, per_tensor=False, zero_channel=False)
    return case(
        kind(padding, stride, stride),
        [input_of((1, 5, 6, 2), 17), weights, bias_of(weights, 4, "random", rng)],
        [output_of(weights, 18, -5, 1.0)],
        name=f"{kind.kind} {padding}",
    )


def pools(border: Border) -> list[Case]:
    tensors = [int8((1, 5, 6, 3), 0.1, 3)], [int8(scale=0.1, zero_point=3)]
    return [
        case(kind(border, 2, 1, 3, 3), *tensors, name=f"{kind.kind} {border}")
        for kind in (AveragePool2D, MaxPool2D)
    ]


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    cases = [convolution(k, b, s) for k in CONVOLUTIONS for b in BORDERS for s in (1, 2)]
    check([*cases, *(one for border in BORDERS for one in pools(border))], tmp_path)


@pytest.mark.parametrize("kind", CONVOLUTIONS)
@pytest.mark.parametrize("padding", Padding)
@pytest.mark.parametrize("stride", [1, 2, 4])
def test_a_rule_comes_to_four_numbers(
    kind: type[Convolution], padding: Padding, stride: int
) -> None:
    ruled = convolution(kind, padding, stride)
    assert isinstance(ruled.op, Convolution)
    image, weights = (ruled.io.input(i).shape for i in (0, 1))
    border = Border.of(*ruled.op.extents(image, weights))
    numbered = replace(ruled, op=replace(ruled.op, padding=border))
    assert numbered.op.infer(ruled.io) == (ruled.io.output.shape,)
    (a,), (b,) = (one.op.lower(one.io) for one in (ruled, numbered))
    assert a.params == b.params  # type: ignore[union-attr]
    for got, want in zip(numbered.expected, ruled.expected, strict=True):
        np.testing.assert_array_equal(got[0], want[0], strict=True)


@pytest.mark.parametrize("kind", CONVOLUTIONS)
@pytest.mark.parametrize("padding", [*Padding, Border(1, 0, 0, 1)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_a_pad_in_front_is_a_larger_border(
    kind: type[Convolution], padding: Padding | Border, stride: int
) -> None:
    """PAD and convolution, and the convolution alone with both borders added."""
    added = Border(1, 0, 1, 1)
    table = int32(np.array([(0, 0), (added.top, added.bottom), (added.left, added.right), (0, 0)]))
    alone = convolution(kind, padding, stride)
    source = alone.io.input(0)
    padded = case(Pad(), [source, table], [source])
    after = case(alone.op, [padded.io.output, *alone.io.inputs[1:]], [alone.io.output], values=[])
    assert isinstance(alone.op, Convolution)
    own = Border.of(*alone.op.extents(after.io.input(0).shape, after.io.input(1).shape))
    folded = case(replace(alone.op, padding=own + added), alone.io.inputs, [alone.io.output])
    assert folded.io.output.shape == after.io.output.shape
    for vector in folded.vectors:
        (image,) = Pad().reference(padded.io, [vector[0], table.data])
        (expected,) = alone.op.reference(after.io, [image, *vector[1:]])
        (got,) = folded.op.reference(folded.io, vector)
        np.testing.assert_array_equal(got, expected, strict=True)


@pytest.mark.parametrize("border", [Border(-1, 0, 0, 0), Border(0, 0, 0, -1)])
def test_no_border_is_negative(border: Border) -> None:
    io = Operands((int8((1, 5, 5, 1)), int8((1, 2, 2, 1))), ())
    with pytest.raises(UnsupportedModel, match="does not fit"):
        Conv2D(border, 1, 1).infer(io)


@pytest.mark.parametrize("border", [Border(2, 0, 0, 0), Border(0, 2, 0, 0)])
def test_no_window_lies_outside_of_the_image(border: Border) -> None:
    io = Operands((int8((1, 5, 5, 1)),), ())
    with pytest.raises(UnsupportedModel, match="outside of 5 elements"):
        AveragePool2D(border, 1, 1, 2, 2).infer(io)
    AveragePool2D(border, 3, 1, 3, 2).infer(io)
