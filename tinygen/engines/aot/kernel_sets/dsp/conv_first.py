"""CONV_2D of few channels, as a network's first: three pixels at a time from expanded rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import HALVES, Channels, int32, padded, words
from tinygen.engines.aot.kernel_sets.dsp.pixels import pixel_channels, times
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall, ParamValue
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.orders import rows_kept
from tinygen.ops.spatial import Extent

KERNEL = Kernel("dsp", "conv_first")

_WAYS = {1: "3 pixels beside each other", 3: "3 pixels below each other"}
_ROUNDED = ("rounded once", "rounded twice")
VARIANTS = tuple((KERNEL.name, f"{way}, {how}") for way in _WAYS.values() for how in _ROUNDED)
"""Every way in which there is code for it."""

_STEPS = 20
"""Over a window, of two words: more would be too much code in a row."""
_REACH = 1020
"""Bytes that LDRD reaches."""
_KEPT = 4096
"""Bytes of scratch that are worth while where they save moving rows."""


@dataclass(frozen=True)
class Geometry:
    """Windows over rows of int16, for three pixels in a row or in a column (a band of 3 rows)."""

    height: Extent
    width: Extent
    depth: int
    band: int

    @property
    def wide(self) -> int:
        """Channels, with one more where windows would begin inside of a word."""
        return self.depth + self.width.stride * self.depth % 2

    @property
    def row_words(self) -> int:
        """Under a row of a window."""
        return -(-self.width.filter * self.wide // 2)

    @property
    def steps(self) -> int:
        """Over a row of a window: pairs of words, and a single one."""
        return -(-self.row_words // 2)

    @property
    def step(self) -> int:
        """Bytes from a window to the next one."""
        return 2 * self.width.stride * self.wide

    @property
    def pitch(self) -> int:
        """Bytes of a row with its borders."""
        columns = (self.width.output - 1) * self.width.stride + self.width.filter
        reached = (self.width.output - 1) * self.step + 4 * self.row_words
        return -(-max(2 * columns * self.wide, reached) // 4) * 4

    @property
    def apart(self) -> int:
        """Bytes from one of three pixels' windows to the next one's."""
        return self.step if self.band == 1 else self.height.stride * self.pitch

    @property
    def kept(self) -> int:
        """Rows in scratch: what a band needs, and more where that is cheap."""
        least = (min(self.band, self.height.output) - 1) * self.height.stride
        least += self.height.filter
        step = self.band * self.height.stride
        more = max(0, _KEPT // self.pitch - least) // step * step
        most = (self.height.output - 1) * self.height.stride + self.height.filter
        return max(least, min(most, least + more))

    @property
    def scratch(self) -> int:
        """Bytes of the rows, and of the word that is read beside the last one."""
        return self.kept * self.pitch + 8

    def why_not(self) -> str:
        """Why there is no code for it, or nothing."""
        if (self.height.dilation, self.width.dilation) != (1, 1):
            return "dilated"
        if self.wide != self.depth and self.depth not in (1, 3):
            return f"windows of {self.depth} channels that begin inside of a word"
        if self.row_words < 2 or self.height.filter * self.steps > _STEPS:
            return f"{self.height.filter} rows of {self.row_words} words under a window"
        if 2 * self.apart > _REACH or self.pitch > 4 * _REACH:
            return "pixels too far from each other"
        return ""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """Three pixels in a row, and in a column."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, weights = io.input(0).shape, io.input(1).shape
    if image[3] != weights[3] or weights[0] % 2 or image[3] > 4:
        yield Declined("groups, more than 4 channels or an odd number of outputs")
        return
    row = Geometry(*op.extents(image, weights), image[3], band=1)
    shapes = [shape for shape in (row, replace(row, band=3)) if not shape.why_not()]
    if not shapes:
        yield Declined(row.why_not())
        return
    found = pixel_channels(site)
    if isinstance(found, Declined):
        yield found
        return
    yield from (_candidate(site, shape, found) for shape in shapes)


def _candidate(site: Site, shape: Geometry, found: Channels) -> Candidate:
    io = site.io
    images, count = io.input(0).shape[0], io.output.shape[3]
    data = _stream(found, shape)
    order = rows_kept(
        shape.height, shape.width, (shape.depth, count), batches=images, rows=shape.band
    )
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params=_params(site, shape, twice=found.twice),
        constants={"weights": Constant(data)},
        scratch_bytes=shape.scratch,
        overlaps=order.overlaps(io.output.nbytes),
    )
    cost = _cost(shape, images, count, twice=found.twice)
    cost += Cost(0, 0, data.nbytes, shape.scratch)
    why = f"{_WAYS[shape.band]}, {_ROUNDED[found.twice]}"
    return Candidate((site.node,), (call,), cost, why=why)


def _params(site: Site, shape: Geometry, *, twice: bool) -> dict[str, ParamValue]:
    height, width = shape.height, shape.width
    return {
        "batches": site.io.input(0).shape[0],
        "input_height": height.input,
        "input_width": width.input,
        "depth": shape.depth,
        "wide": shape.wide,
        "output_height": height.output,
        "output_width": width.output,
        "channels": site.io.output.shape[3],
        "filter_height": height.filter,
        "pairs": shape.row_words // 2,
        "single": shape.row_words % 2,
        "stride_height": height.stride,
        "stride_step": shape.step,
        "pad_top": height.before,
        "pad_left": width.before,
        "band": shape.band,
        "kept": shape.kept,
        "pitch": shape.pitch,
        "zero_point": site.io.input(0).q.zero_point,
        "twice": int(twice),
    }


def _stream(found: Channels, shape: Geometry) -> Array:
    """For each two channels what the kernel reads, in its order: of a step's words the first ones
    of both channels, then the second ones, which is how words of both follow each other anyway."""
    count = len(found.weights)
    wide = np.zeros((count, shape.height.filter, shape.width.filter, shape.wide), np.int64)
    wide[..., : shape.depth] = HALVES * found.weights
    rows = padded(wide.reshape(count, shape.height.filter, -1), 2, 2)
    pairs = words(rows).reshape(count // 2, 2, -1).transpose(0, 2, 1).reshape(count // 2, -1)
    fast = found.fast
    ends = [fast.multiplier, fast.addend] + [fast.shift] * found.twice
    last = np.stack(ends, axis=1).reshape(count // 2, -1)
    first = found.start.reshape(count // 2, 2)
    return int32(np.concatenate([first, pairs, last], axis=1)).astype(np.int32).reshape(-1)


def _cost(shape: Geometry, images: int, count: int, *, twice: bool) -> Cost:
    height, width = shape.height, shape.width
    pairs, single = shape.row_words // 2 * height.filter, shape.row_words % 2 * height.filter
    ends, one_ends = ((42, 55), (19, 27)) if twice else ((25, 38), (12, 20))
    three = Cost(16 * pairs + 10 * single + ends[0], 26 * pairs + 19 * single + ends[1], 0)
    one = Cost(6 * pairs + 4 * single + one_ends[0], 12 * pairs + 8 * single + one_ends[1], 0)
    three = times(count // 2, three) + Cost(28, 45, 0)
    one = times(count // 2, one) + Cost(28, 45, 0)
    lines, across = (height.output, width.output) if shape.band == 1 else (1, 0)
    threes, ones = lines * (across // 3), lines * (across % 3)
    if shape.band == 3:
        threes, ones = height.output // 3 * width.output, height.output % 3 * width.output
    total = times(images * threes, three) + times(images * ones, one)
    return total + _rows(shape, images) + Cost(60, 90, _code(shape, twice=twice, ones=ones > 0))


def _rows(shape: Geometry, images: int) -> Cost:
    """Of expanding and moving rows."""
    height, width = shape.height, shape.width
    words_ = width.input if shape.wide != shape.depth else width.input * shape.depth / 4
    rows = (height.output - 1) * height.stride + height.filter
    border = shape.pitch / 2 - width.input * shape.wide
    moves = max(0, -(-(rows - shape.kept) // max(1, shape.kept - height.filter + height.stride)))
    moved = moves * max(0, height.filter - height.stride) * shape.pitch
    instructions = rows * (9 * words_ + 4 * max(border, 0) + 40) + 0.7 * moved
    return Cost(images * round(instructions), images * round(1.5 * instructions), 0)


def _code(shape: Geometry, *, twice: bool, ones: bool) -> int:
    """Bytes."""
    steps = shape.steps * shape.height.filter
    return 700 + (64 + 24 * ones) * steps + (150 + 60 * ones) * (1 + twice)
