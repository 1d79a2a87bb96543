"""CONV_2D of int16 activations by any window: four pixels at a time, gathered from a few rows that
are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tinygen.engines.aot.kernel_sets.dsp.channels import padded, shared
from tinygen.engines.aot.kernel_sets.dsp.int16_pixels import CODE, four_pixels_16, stream_16
from tinygen.engines.aot.kernel_sets.dsp.pixels import times
from tinygen.engines.aot.kernel_sets.int16 import ALL, RELU, Channels16, channels_16
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Constant, Kernel, KernelCall, ParamValue
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.fixed_point import Int64
from tinygen.ops.orders import rows_kept
from tinygen.ops.spatial import Extent

KERNEL = Kernel("dsp", "conv_2d_int16")
VARIANTS = ((KERNEL.name, ALL), (KERNEL.name, RELU))
"""Every way in which there is code for it."""


class Geometry(NamedTuple):
    """Windows over rows of int16 that are kept."""

    height: Extent
    width: Extent
    depth: int

    @property
    def taps(self) -> int:
        """Neighbouring taps in a run."""
        return self.width.filter if self.width.dilation == 1 else 1

    @property
    def runs(self) -> int:
        """In a row of the filter."""
        return self.width.filter // self.taps

    @property
    def run_pairs(self) -> int:
        """Of the activations under one run."""
        return -(-self.taps * self.depth // 2)

    @property
    def pairs(self) -> int:
        """Of all under a window."""
        return self.height.filter * self.runs * self.run_pairs

    @property
    def pitch(self) -> int:
        """Bytes of a row that is kept, with the element that is read behind the last window."""
        columns = (self.width.output - 1) * self.width.stride + self.width.span
        return (2 * columns * self.depth + 2 + 3) // 4 * 4

    @property
    def scratch(self) -> int:
        """Bytes: four pixels' windows, and the rows."""
        return 16 * self.pairs + self.height.span * self.pitch

    def ordered(self, weights: Int64) -> Int64:
        """[channel, y, x, depth] as [channel, in the order of the gathered activations]."""
        shape = (len(weights), self.height.filter, self.runs, self.taps * self.depth)
        return padded(weights.reshape(shape), 3, 2).reshape(len(weights), -1)


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, weights = io.input(0).shape, io.input(1).shape
    if image[3] != weights[3]:
        yield Declined("groups of channels")
        return
    shape = Geometry(*op.extents(image, weights), image[3])
    found = channels_16(site, weights[0])
    if isinstance(found, Declined):
        yield found
        return
    data = stream_16(found, shape.ordered(found.weights))
    height, width, depth = shape
    order = rows_kept(height, width, (2 * depth, 2 * weights[0]), batches=image[0])
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params=_params(site, shape, found),
        constants={"weights": Constant(data)},
        scratch_bytes=shape.scratch,
        overlaps=order.overlaps(io.output.nbytes),
    )
    cost = _cost(shape, image[0], weights[0])
    cost += Cost(0, 0, data.nbytes + shared(site, CODE + 550), shape.scratch)
    yield Candidate((site.node,), (call,), cost, why=found.why)


def _params(site: Site, shape: Geometry, found: Channels16) -> dict[str, ParamValue]:
    height, width, depth = shape
    return {
        "batches": site.io.input(0).shape[0],
        "input_height": height.input,
        "input_width": width.input,
        "depth": depth,
        "output_height": height.output,
        "output_width": width.output,
        "channels": site.io.output.shape[3],
        "filter_height": height.filter,
        "runs": shape.runs,
        "run_pairs": shape.run_pairs,
        "run_step": 2 * width.dilation * depth,
        "stride_height": height.stride,
        "stride_step": 2 * width.stride * depth,
        "dilation_height": height.dilation,
        "pad_top": height.before,
        "pad_left": 2 * width.before * depth,
        "kept": height.span,
        "pitch": shape.pitch,
        "relu": int(found.relu),
    }


def _cost(shape: Geometry, batches: int, count: int) -> Cost:
    height, width, _ = shape
    runs = height.filter * shape.runs
    rows = batches * height.output
    four = Cost(7 * shape.pairs + 40 * runs + 40, 14 * shape.pairs + 60 * runs + 60, 0)
    total = times(rows * -(-width.output // 4), four + four_pixels_16(shape.pairs, count))
    return total + kept_16(shape.pitch, height, batches) + Cost(80 + 30 * rows, 120 + 45 * rows, 80)


def kept_16(pitch: int, height: Extent, batches: int) -> Cost:
    """Of all rows of so many bytes, as `tg_dsp_rows.h` keeps them."""
    rows = min((height.output - 1) * height.stride + height.span, height.output * height.span)
    return times(batches * rows, Cost(70 + pitch * 11 // 16, 100 + pitch, 0))
