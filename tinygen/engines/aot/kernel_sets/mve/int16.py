"""int16 activations: CONV_2D, and FULLY_CONNECTED as one, two pixels by four channels at a time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.int16 import ALL, RELU, Channels16, channels_16
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall, ParamValue
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.orders import in_blocks, rows_kept
from tinygen.ops.spatial import Extent

KERNEL = Kernel("mve", "conv_2d_int16")
_WHERE = {True: "pixels of the image", False: "windows of kept rows"}
VARIANTS = tuple(
    (KERNEL.name, f"{where}, {codes}") for where in _WHERE.values() for codes in (ALL, RELU)
)
"""Every way in which there is code for it."""

_LANES, _CHANNELS = 8, 4
_LONGEST = 4080
"""Bytes of a window: what is subtracted from a pointer at once."""


class Geometry(NamedTuple):
    """Windows over images of int16."""

    height: Extent
    width: Extent
    depth: int

    @property
    def direct(self) -> bool:
        """Whether a window is one pixel of the image."""
        every = (self.height, self.width)
        return all((e.filter, e.before, e.after) == (1, 0, 0) for e in every)

    @property
    def taps(self) -> int:
        """Neighbouring taps in a run."""
        return self.width.filter if self.width.dilation == 1 else 1

    @property
    def runs(self) -> int:
        """In a row of the filter."""
        return self.width.filter // self.taps

    @property
    def elements(self) -> int:
        """Of a window."""
        return self.height.filter * self.width.filter * self.depth

    @property
    def steps(self) -> int:
        return -(-self.elements // _LANES)

    @property
    def pitch(self) -> int:
        """Bytes of a row that is kept, with those that are read behind the last window."""
        columns = (self.width.output - 1) * self.width.stride + self.width.span
        return (2 * columns * self.depth + 16 + 3) // 4 * 4

    @property
    def scratch(self) -> int:
        """Bytes: two windows, and the rows."""
        if self.direct and self.elements % _LANES == 0:
            return 1
        rows = 0 if self.direct else self.height.span * self.pitch
        return 2 * 16 * (self.steps + 1) + rows


def convolutions(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, weights = io.input(0).shape, io.input(1).shape
    if image[3] != weights[3]:
        yield Declined("it has no groups")
        return
    shape = Geometry(*op.extents(image, weights), image[3])
    yield from _offers(site, shape, image[0], weights[0])


def connected(site: Site) -> Iterable[Candidate | Declined]:
    """Rows are pixels of a convolution."""
    units, depth = site.io.input(1).shape
    rows = site.io.input(0).elements // depth
    one, along = Extent(1, 1, 1, 1, 1, 0), Extent(rows, rows, 1, 1, 1, 0)
    yield from _offers(site, Geometry(one, along, depth), 1, units)


def _offers(
    site: Site, shape: Geometry, batches: int, count: int
) -> Iterable[Candidate | Declined]:
    if 2 * shape.elements > _LONGEST:
        yield Declined(f"a window of more than {_LONGEST} bytes")
        return
    found = channels_16(site, count)
    if isinstance(found, Declined):
        yield found
        return
    io, (height, width, depth) = site.io, shape
    sizes = (2 * depth, 2 * count)
    if shape.direct:
        order = in_blocks(height, width, sizes, batches=batches, block=(1, 2))
    else:
        order = rows_kept(height, width, sizes, batches=batches)
    data = _stream(found, count, shape.steps)
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params=_params(shape, batches, count, relu=found.relu),
        constants={"weights": Constant(data, align=16)},
        scratch_bytes=shape.scratch,
        overlaps=order.overlaps(io.output.nbytes),
    )
    work = _work(shape, batches, count, relu=found.relu)
    cost = work.cost(_code(shape) + data.nbytes, shape.scratch)
    yield Candidate((site.node,), (call,), cost, why=f"{_WHERE[shape.direct]}, {found.why}")


def _stream(found: Channels16, count: int, steps: int) -> Array:
    """For each four channels what the kernel reads, in its order, as int8."""
    rows = found.weights.reshape(count, -1)
    missing = -count % _CHANNELS
    weights = np.pad(rows, ((0, missing), (0, steps * _LANES - rows.shape[1])))
    weights = weights.reshape(-1, _CHANNELS, steps, _LANES).transpose(0, 2, 1, 3).astype(np.int8)
    ends = np.stack([found.start, found.multiplier])
    words = np.pad(ends, ((0, 0), (0, missing))).reshape(2, -1, _CHANNELS).transpose(1, 0, 2)
    parts = (
        np.ascontiguousarray(weights).reshape(len(words), -1),
        np.ascontiguousarray(words.astype(np.int32)).reshape(len(words), -1).view(np.int8),
    )
    return np.concatenate(parts, axis=1).reshape(-1)


def _params(shape: Geometry, batches: int, count: int, *, relu: bool) -> dict[str, ParamValue]:
    height, width, depth = shape
    return {
        "batches": batches,
        "input_height": height.input,
        "input_width": width.input,
        "input_channels": depth,
        "output_height": height.output,
        "output_width": width.output,
        "output_channels": count,
        "filter_height": height.filter,
        "runs": shape.runs,
        "run_bytes": 2 * shape.taps * depth,
        "run_step": 2 * width.dilation * depth,
        "stride_height": height.stride,
        "stride_step": 2 * width.stride * depth,
        "dilation_height": height.dilation,
        "pad_top": height.before,
        "pad_left": 2 * width.before * depth,
        "direct": int(shape.direct),
        "kept": height.span,
        "pitch": shape.pitch,
        "relu": int(relu),
    }


def _work(shape: Geometry, batches: int, count: int, *, relu: bool) -> Work:
    height, width, depth = shape
    rounds = (shape.steps - 1) // 2
    block = Work(14 * shape.steps + 14 + 3 * relu + 2 * (count % 4 > 0), 4 + 2 * rounds)
    pair = block.and_(Work(0, 2 * (rounds > 0))).times(-(-count // _CHANNELS)).and_(Work(0, 30))
    if not shape.direct:
        runs = height.filter * shape.runs
        vectors = -(-2 * shape.taps * depth // 16)
        pair = pair.and_(Work(4 * vectors * runs, 2 * (2 * vectors + 12) * runs))
    elif shape.elements % _LANES:
        pair = pair.and_(Work(6 * shape.steps, 6 * shape.steps))
    lines = batches * height.output
    work = pair.times(lines * -(-width.output // 2)).and_(Work(0, 20 * lines + 40))
    if shape.direct:
        return work
    kept = (height.output - 1) * height.stride + height.span
    return work.and_(Work(0, 70 + shape.pitch * 11 / 16).times(batches * kept))


def _code(shape: Geometry) -> int:
    """Bytes."""
    steps = 1 + (shape.steps % 2 == 0) + 2 * (shape.steps > 2)
    return 200 + 56 * steps + (0 if shape.direct else 350)
