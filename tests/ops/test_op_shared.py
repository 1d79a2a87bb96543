"""Fused activations and sliding windows: what several operators share."""

from __future__ import annotations

import numpy as np
import pytest

from tinygen.errors import UnsupportedModel
from tinygen.ir import Quant
from tinygen.ops.activation import Activation, quantized_range
from tinygen.ops.spatial import Padding, extent, windows


@pytest.mark.parametrize(
    ("activation", "scale", "zero_point", "expected"),
    [
        (Activation.NONE, 0.1, 5, (-128, 127)),
        (Activation.RELU, 0.1, 5, (5, 127)),
        (Activation.RELU, 0.1, -128, (-128, 127)),
        (Activation.RELU6, 0.1, -20, (-20, 40)),
        (Activation.RELU6, 0.01, -128, (-128, 127)),
        (Activation.RELU6, 4.0, 0, (0, 2)),  # 1.5 rounds away from zero
        (Activation.RELU_N1_TO_1, 2.0, 0, (-1, 1)),  # so does -0.5
        (Activation.RELU_N1_TO_1, 0.1, 120, (110, 127)),
        (Activation.RELU_N1_TO_1, 1000.0, 7, (7, 7)),
    ],
)
def test_activation_range(
    activation: Activation, scale: float, zero_point: int, expected: tuple[int, int]
) -> None:
    assert quantized_range(activation, Quant((scale,), (zero_point,))) == expected


def test_activation_range_divides_in_float32() -> None:
    scale = float(np.float32(2.4))  # a little more than 2.4
    assert 6 / scale < 2.5 == float(np.float32(6) / np.float32(scale))
    assert quantized_range(Activation.RELU6, Quant((scale,), (0,))) == (0, 3)


def test_activation_refuses_what_is_not_compiled() -> None:
    with pytest.raises(UnsupportedModel, match="TANH"):
        Activation.parse(4, "CONV_2D")
    with pytest.raises(UnsupportedModel, match="too small"):
        quantized_range(Activation.RELU6, Quant((1e-30,), (0,)))


@pytest.mark.parametrize(
    ("padding", "size", "taps", "stride", "dilation", "output", "before", "after"),
    [
        (Padding.SAME, 5, 3, 1, 1, 5, 1, 1),
        (Padding.SAME, 6, 3, 2, 1, 3, 0, 1),  # the odd one goes behind
        (Padding.SAME, 5, 2, 1, 2, 5, 1, 1),
        (Padding.SAME, 3, 2, 5, 1, 1, 0, 0),
        (Padding.SAME, 2, 7, 1, 1, 2, 3, 3),
        (Padding.VALID, 5, 3, 1, 1, 3, 0, 0),
        (Padding.VALID, 6, 3, 2, 1, 2, 0, 0),
        (Padding.VALID, 5, 5, 3, 1, 1, 0, 0),
        (Padding.VALID, 9, 3, 2, 3, 2, 0, 0),
    ],
)
def test_window_geometry(
    padding: Padding,
    size: int,
    taps: int,
    stride: int,
    dilation: int,
    output: int,
    before: int,
    after: int,
) -> None:
    found = extent(padding, size, taps, stride, dilation)
    assert (found.output, found.before, found.after) == (output, before, after)


@pytest.mark.parametrize(
    ("size", "taps", "stride", "dilation"),
    [(4, 5, 1, 1), (4, 3, 1, 2), (4, 2, 0, 1), (4, 2, 1, 0), (0, 1, 1, 1), (4, 0, 1, 1)],
)
def test_window_that_cannot_be(size: int, taps: int, stride: int, dilation: int) -> None:
    with pytest.raises(UnsupportedModel):
        extent(Padding.VALID, size, taps, stride, dilation)


def test_windows_view() -> None:
    image = np.arange(12, dtype=np.int8).reshape(1, 3, 4, 1)
    height, width = extent(Padding.SAME, 3, 2, 2), extent(Padding.VALID, 4, 2, 1, 2)
    view = windows(image, height, width, -1)
    assert view.shape == (1, 2, 2, 2, 2, 1)
    assert view[0, 0, 1, :, :, 0].tolist() == [[1, 3], [5, 7]]
    assert view[0, 1, 0, :, :, 0].tolist() == [[8, 10], [-1, -1]]
