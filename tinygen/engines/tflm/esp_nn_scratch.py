"""What ESP-NN's functions for the ESP32-S3 want of scratch, as its own C says it, in bytes.

They copy images and filters to where the chip's vector instructions can take them: padded, in
multiples of 8 or 16 channels (esp_nn_conv_esp32s3.c, esp_nn_depthwise_conv_s8_esp32s3.c).
"""

from __future__ import annotations

from tinygen.ir import Operands
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.spatial import Extent

_WORD = 4
_ALIGNMENT = 64
"""For the start, and for what its loads read before and after."""
_WHOLE_PADDED = 40 << 10
_WHOLE_WIDENED = 48 << 10
"""Larger images are taken row by row."""


def convolution(op: Conv2D, io: Operands) -> int:
    """Of CONV_2D."""
    height, width = op.extents(io.input(0).shape, io.input(1).shape)
    channels, out = io.input(1).shape[3], io.output.shape[3]
    pixels = height.input * width.input
    if _is_pointwise(height) and _is_pointwise(width):
        eights = _up(channels, 8)
        image = pixels * eights if channels % 8 else 0
        return image + eights * out + (16 * eights if pixels >= 8 else 0) + _ALIGNMENT
    row = width.filter * channels
    window = height.filter * row
    if row < 16 <= window:
        return out * (_WORD + _up(window, 16)) + _up(window, 16) + 32 + _ALIGNMENT
    padded = _padded(height, 2 * height.before) * _padded(width, 2 * width.before) * channels
    below, right = _beyond(height), _beyond(width)
    return (
        (padded if height.before or width.before else 0)
        + height.filter * width.filter * _up(channels, 16) * out
        + _up(row, 16) * height.filter * out
        + (_padded(height, below) * _padded(width, right) * channels if below or right else 0)
        + _WORD * out
        + _ALIGNMENT
    )


def depthwise(op: DepthwiseConv2D, io: Operands) -> int:
    """Of DEPTHWISE_CONV_2D."""
    height, width = op.extents(io.input(0).shape, io.input(1).shape)
    channels = io.input(0).shape[3]
    multiplier = io.output.shape[3] // channels
    weights = height.filter * width.filter * io.output.shape[3]
    image = height.input * width.input * channels
    if multiplier == 1 and channels % 8 == 0:
        if (height.filter, width.filter) != (3, 3):
            whole = 2 * (weights + image)
            if whole <= _WHOLE_WIDENED:
                return whole + 32
            return 2 * weights + 2 * width.input * height.filter * channels + 32
        return _three_by_three(height, width, channels, weights)
    if multiplier == 1 and channels > 3:
        eights = _up(channels, 8)
        start = _up(2 * height.filter * width.filter * eights, 16)
        start = _up(start + 2 * height.input * width.input * eights, 16)
        return _up(start + height.output * width.output * eights, 16) + 3 * _WORD * eights + 16
    return 2 * (weights + image) + 32 if multiplier % 4 == 0 else 32


def _three_by_three(height: Extent, width: Extent, channels: int, weights: int) -> int:
    """The most frequent filter, for a multiple of 8 channels."""
    if channels % 16 == 0:
        if height.before or width.before:
            down, along = 2 * height.before, 2 * width.before
        else:
            down = height.output * height.stride + 2 - height.input
            along = width.output * width.stride + 2 - width.input
        if not (down or along):
            return weights + 16
        whole = _padded(height, down) * _padded(width, along) * channels
        if whole > _WHOLE_PADDED:
            whole = _padded(width, along) * height.filter * channels
        return weights + whole + 16
    if channels < 12:
        return 2 * (weights + height.input * width.input * channels) + 32
    sixteens = _up(channels, 16)
    down = 2 * height.before + _beyond(height)
    along = 2 * width.before + _beyond(width)
    padded = _padded(height, down) * _padded(width, along)
    return (9 + padded + height.output * width.output) * sixteens + 64


def _is_pointwise(extent: Extent) -> bool:
    return (extent.filter, extent.stride, extent.before) == (1, 1, 0)


def _padded(extent: Extent, more: int) -> int:
    return extent.input + more


def _beyond(extent: Extent) -> int:
    """How far the last window, and a stride after it, reach out of the image."""
    return max(0, extent.output * extent.stride + extent.filter - 1 - extent.input)


def _up(size: int, multiple: int) -> int:
    return -(-size // multiple) * multiple
