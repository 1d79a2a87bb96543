"""Windows that slide over height and width: padding, output sizes, and views for numpy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Shape, Tensor


class Padding(Enum):
    """How a window treats the border, by the file's number."""

    SAME = 0
    VALID = 1

    @classmethod
    def parse(cls, code: int, kind: str) -> Padding:
        """The padding with this number."""
        try:
            return cls(code)
        except ValueError:
            raise UnsupportedModel(f"{kind} has an unknown padding (number {code})") from None


@dataclass(frozen=True)
class Extent:
    """A sliding window along one dimension, in elements of it."""

    input: int
    output: int
    filter: int
    """Taps of the window."""
    stride: int
    dilation: int
    before: int
    """Padding in front of the first element."""

    @property
    def after(self) -> int:
        """Padding behind the last element that the last window reaches."""
        span = (self.output - 1) * self.stride + (self.filter - 1) * self.dilation + 1
        return max(0, span - self.before - self.input)


def extent(padding: Padding, size: int, taps: int, stride: int, dilation: int = 1) -> Extent:
    """The window's geometry over `size` elements; the output is never empty."""
    if min(size, taps, stride, dilation) < 1:
        raise UnsupportedModel(
            f"a window of {taps} taps, stride {stride}, dilation {dilation} over {size} elements",
            why="each of them has to be at least 1",
        )
    span = (taps - 1) * dilation + 1
    places = size if padding is Padding.SAME else size - span + 1
    output = -(-places // stride)
    if output < 1:
        raise UnsupportedModel(f"a window spanning {span} does not fit into {size} elements")
    total = max(0, (output - 1) * stride + span - size)
    return Extent(size, output, taps, stride, dilation, total // 2)


def nhwc(tensor: Tensor, kind: str) -> Shape:
    """The shape of a tensor that must have four dimensions, none of them empty."""
    if len(tensor.shape) != 4 or 0 in tensor.shape:
        raise UnsupportedModel(
            f"{kind} on '{tensor.name}' of shape {list(tensor.shape)}",
            why="it is compiled for four dimensions: batch, height, width, channels",
        )
    return tensor.shape


def windows(image: Array, height: Extent, width: Extent, fill: int) -> Array:
    """A read-only view of [batch, out y, out x, filter y, filter x, channel] on an image
    [batch, y, x, channel]; `fill` is what lies outside of it."""
    border = ((0, 0), (height.before, height.after), (width.before, width.after), (0, 0))
    if any(map(any, border)):
        image = np.pad(image, border, constant_values=fill)
    n, y, x, c = image.strides
    return np.lib.stride_tricks.as_strided(
        image,
        (image.shape[0], height.output, width.output, height.filter, width.filter, image.shape[3]),
        (n, y * height.stride, x * width.stride, y * height.dilation, x * width.dilation, c),
        writeable=False,
    )
