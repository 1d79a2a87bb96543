"""What CMSIS-NN's functions want of scratch, at the most of what its C says, in bytes.

Which of its functions computes a layer depends on the core and on more than the shapes: what the
greediest of them wants is counted (arm_*_get_buffer_sizes_s8.c).
"""

from __future__ import annotations

from collections.abc import Collection

from tinygen.boards import Extension
from tinygen.ir import Operands
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.transpose_conv import TransposeConv

_BLOCK = 4 * 124
"""Bytes per tap of a depthwise filter: channels that MVE takes at once, in four buffers."""
_DEEP = 16
"""More input channels make of a transposed convolution one of a filter that is turned around."""
_WORD = 4


def convolution(op: Conv2D, io: Operands) -> int:
    """Of CONV_2D."""
    extents = op.extents(io.input(0).shape, io.input(1).shape)
    if all((e.filter, e.stride, e.before) == (1, 1, 0) for e in extents):
        return 0
    return _columns(io.input(0).shape[3] * extents[0].filter * extents[1].filter)


def depthwise(op: DepthwiseConv2D, io: Operands, core: Collection[Extension]) -> int:
    """Of DEPTHWISE_CONV_2D, on a core with these extensions."""
    height, width = op.extents(io.input(0).shape, io.input(1).shape)
    taps, channels = height.filter * width.filter, io.output.shape[3]
    sizes = [0]
    frequent = (height.filter, width.filter) == (3, 3) and max(height.before, width.before) <= 1
    frequent &= not io.input(1).int4
    if Extension.DSP in core and not frequent:
        sizes.append(2 * io.input(0).shape[3] * taps)
    if Extension.MVE in core:
        sizes.append(_BLOCK * taps)
        if io.input(0).shape[3] == 1:
            sizes.append(_columns(taps) + taps * channels)
    return max(sizes)


def transposed(op: TransposeConv, io: Operands) -> tuple[int, int]:
    """Of TRANSPOSE_CONV, and of its filter turned around."""
    channels, height, width, depth = io.input(1).shape
    if max(op.stride_height, op.stride_width) <= 2 and depth > _DEEP:
        return _columns(depth * height * width), depth * height * width * channels
    row = (io.input(2).shape[2] - 1) * op.stride_width + max(width, op.stride_height)
    return row * channels * max(height, op.stride_height) * _WORD, 0


def _columns(length: int) -> int:
    """Four windows as runs of bytes in multiples of 16, which are two of halfwords as well."""
    return 4 * -(-length // 16) * 16
