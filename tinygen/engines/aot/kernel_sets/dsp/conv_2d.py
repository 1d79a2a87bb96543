"""CONV_2D by any window: four pixels at a time, gathered from a few rows that are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tinygen.engines.aot.kernel_sets.dsp.channels import padded, shared
from tinygen.engines.aot.kernel_sets.dsp.pixels import (
    ONCE,
    TWICE,
    four_pixels,
    one_pixel,
    pixel_channels,
    stream,
    times,
)
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Constant, Kernel, KernelCall
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.fixed_point import Int64
from tinygen.ops.orders import rows_kept
from tinygen.ops.spatial import Extent

KERNEL = Kernel("dsp", "conv_2d")
VARIANTS = ((KERNEL.name, ONCE), (KERNEL.name, TWICE))
"""Every way in which there is code for it."""


class Geometry(NamedTuple):
    """Windows over rows that are kept."""

    height: Extent
    width: Extent
    depth: int

    @property
    def taps(self) -> int:
        """Neighbouring taps in a run of bytes."""
        return self.width.filter if self.width.dilation == 1 else 1

    @property
    def runs(self) -> int:
        """In a row of the filter."""
        return self.width.filter // self.taps

    @property
    def run_quads(self) -> int:
        """Of the activations under one run."""
        return -(-self.taps * self.depth // 4)

    @property
    def quads(self) -> int:
        """Of all under a window."""
        return self.height.filter * self.runs * self.run_quads

    @property
    def pitch(self) -> int:
        """Bytes of a row that is kept, with up to three that are read behind the last window."""
        columns = (self.width.output - 1) * self.width.stride + self.width.span
        return (columns * self.depth + 3 + 3) // 4 * 4

    @property
    def scratch(self) -> int:
        """Bytes: four pixels expanded, and the rows."""
        return 32 * self.quads + self.height.span * self.pitch

    def ordered(self, weights: Int64) -> Int64:
        """[channel, y, x, depth] as [channel, in the order of the expanded activations]."""
        shape = (len(weights), self.height.filter, self.runs, self.taps * self.depth)
        return padded(weights.reshape(shape), 3, 4).reshape(len(weights), -1)


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, weights = io.input(0).shape, io.input(1).shape
    if image[3] != weights[3]:
        yield Declined("groups of channels")
        return
    shape = Geometry(*op.extents(image, weights), image[3])
    found = pixel_channels(site)
    if isinstance(found, Declined):
        yield found
        return
    data = stream(found, shape.ordered(found.weights))
    if isinstance(data, Declined):
        yield data
        return
    height, width, depth = shape
    order = rows_kept(height, width, (depth, weights[0]), batches=image[0])
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": image[0],
            "input_height": height.input,
            "input_width": width.input,
            "depth": depth,
            "output_height": height.output,
            "output_width": width.output,
            "channels": weights[0],
            "filter_height": height.filter,
            "runs": shape.runs,
            "run_quads": shape.run_quads,
            "run_step": width.dilation * depth,
            "stride_height": height.stride,
            "stride_step": width.stride * depth,
            "dilation_height": height.dilation,
            "pad_top": height.before,
            "pad_left": width.before * depth,
            "kept": height.span,
            "pitch": shape.pitch,
            "zero_point": io.input(0).q.zero_point,
            "twice": int(found.twice),
        },
        constants={"weights": Constant(data)},
        scratch_bytes=shape.scratch,
        overlaps=order.overlaps(io.output.nbytes),
    )
    cost = _cost(shape, image[0], weights[0], twice=found.twice)
    code = shared(site, 2200 + 400 * (width.output % 4 > 0))
    cost += Cost(0, 0, data.nbytes + code, shape.scratch)
    yield Candidate((site.node,), (call,), cost, why=TWICE if found.twice else ONCE)


def _cost(shape: Geometry, batches: int, count: int, *, twice: bool) -> Cost:
    height, width, _ = shape
    runs = height.filter * shape.runs
    rows = batches * height.output
    four = Cost(24 * shape.quads + 28 * runs + 60, 34 * shape.quads + 45 * runs + 90, 0)
    one = Cost(7 * shape.quads + 22 * runs + 60, 10 * shape.quads + 35 * runs + 90, 0)
    fours, ones = rows * (width.output // 4), rows * (width.output % 4)
    total = times(fours, four + four_pixels(shape.quads, count, twice=twice))
    total += times(ones, one + one_pixel(shape.quads, count, twice=twice))
    kept = batches * min(height.output * height.stride + height.span, height.input + height.span)
    total += times(kept, Cost(70 + shape.pitch * 11 // 16, 100 + shape.pitch * 16 // 16, 0))
    return total + Cost(60 + 25 * rows, 90 + 40 * rows, 140)
