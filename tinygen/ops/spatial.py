"""Windows that slide over height and width: padding, output sizes, and views for numpy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np

from tinygen.errors import UnsupportedModel
from tinygen.ir import Array, Shape, Tensor

Pair = tuple[int, int]
"""Two numbers along one dimension, or of the height and the width."""

LONGEST = (1 << 15) - 1
"""Of a stride or a dilation: the runtimes' parameters have 16 bits, and what is cut off is gone."""

_FARTHEST = 1 << 26
"""Elements of an image with all that windows reach beyond it: positions are far inside of int32,
and a host holds them several times over."""


class Padding(Enum):
    """A rule that gives a border, by the file's number."""

    SAME = 0
    """As many windows as strides fit into the image; an odd element goes behind."""
    VALID = 1
    """No border."""

    @classmethod
    def parse(cls, code: int, kind: str) -> Padding:
        """The padding with this number."""
        try:
            return cls(code)
        except ValueError:
            raise UnsupportedModel(f"{kind} has an unknown padding (number {code})") from None


@dataclass(frozen=True)
class Border:
    """Rows and columns around an image, as four numbers: what a rule of padding comes to, and
    what a PAD in front adds to it."""

    top: int
    bottom: int
    left: int
    right: int

    @classmethod
    def of(cls, height: Extent, width: Extent) -> Border:
        """The border that these windows reach into."""
        return cls(height.before, height.after, width.before, width.after)

    def __add__(self, other: Border) -> Border:
        return Border(
            self.top + other.top,
            self.bottom + other.bottom,
            self.left + other.left,
            self.right + other.right,
        )


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
    def span(self) -> int:
        """From the window's first tap to its last one."""
        return (self.filter - 1) * self.dilation + 1

    def taps_inside(self) -> list[Pair]:
        """The first tap inside of the image and the first behind it, for every sort of window."""
        starts = [i * self.stride - self.before for i in range(self.output)]
        return sorted(
            {
                (
                    min(self.filter, max(0, -(start // self.dilation))),
                    min(self.filter, max(0, -((start - self.input) // self.dilation))),
                )
                for start in starts
            }
        )

    @property
    def reach(self) -> int:
        """How far kernels count along the dimension: from the first tap of the first window to
        the last one of the window behind the last, and by a tap or a stride more."""
        across = self.before + self.input + self.after
        return across + self.span + self.stride + self.dilation

    @property
    def after(self) -> int:
        """Padding behind the last element that the last window reaches."""
        return max(0, (self.output - 1) * self.stride + self.span - self.before - self.input)


@lru_cache(maxsize=4096)
def extents(
    padding: Padding | Border, image: Shape, taps: Pair, strides: Pair, dilations: Pair = (1, 1)
) -> tuple[Extent, Extent]:
    """The window over the height and over the width of an image [batch, y, x, channel]."""
    rows: Padding | Pair
    columns: Padding | Pair
    if isinstance(padding, Border):
        rows, columns = (padding.top, padding.bottom), (padding.left, padding.right)
    else:
        rows = columns = padding
    height = extent(rows, image[1], taps[0], strides[0], dilations[0])
    width = extent(columns, image[2], taps[1], strides[1], dilations[1])
    if height.reach * width.reach * image[3] > _FARTHEST:
        raise UnsupportedModel(
            f"a window of {taps[0]}x{taps[1]} taps, strides {strides[0]}x{strides[1]}, dilations "
            f"{dilations[0]}x{dilations[1]} over {list(image)}",
            why=f"with its border and a step to all sides that is more than {_FARTHEST:,} values",
        )
    return height, width


def extent(
    padding: Padding | tuple[int, int], size: int, taps: int, stride: int, dilation: int = 1
) -> Extent:
    """The window's geometry over `size` elements, with a rule or the elements before and after
    them; the output is never empty, and every window reaches over an element."""
    if max(stride, dilation) > LONGEST:
        raise UnsupportedModel(
            f"a window of stride {stride}, dilation {dilation}",
            why=f"more than {LONGEST:,} does not fit where TensorFlow Lite Micro keeps it",
        )
    if min(size, taps, stride, dilation) < 1:
        raise UnsupportedModel(
            f"a window of {taps} taps, stride {stride}, dilation {dilation} over {size} elements",
            why="each of them has to be at least 1",
        )
    span = (taps - 1) * dilation + 1
    before, after = _border(padding, size, span, stride)
    output = (before + size + after - span) // stride + 1
    if output < 1 or min(before, after) < 0:
        raise UnsupportedModel(f"a window spanning {span} does not fit into {size} elements")
    if before >= span or (output - 1) * stride - before >= size:
        raise UnsupportedModel(f"a window spanning {span} lies outside of {size} elements")
    return Extent(size, output, taps, stride, dilation, before)


def _border(padding: Padding | tuple[int, int], size: int, span: int, stride: int) -> Pair:
    if isinstance(padding, tuple):
        return padding
    if padding is Padding.VALID:
        return 0, 0
    total = max(0, (-(-size // stride) - 1) * stride + span - size)
    return total // 2, total - total // 2


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
