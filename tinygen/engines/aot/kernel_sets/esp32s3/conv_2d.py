"""CONV_2D: each window is a run of the image or of a strip."""

from __future__ import annotations

from collections.abc import Iterable

from tinygen.engines.aot.kernel_sets.esp32s3.channels import (
    BEFORE,
    HELD,
    LANES,
    ROUNDINGS,
    Channels,
    channels,
    cost,
)
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Kernel, KernelCall
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.orders import in_blocks
from tinygen.ops.spatial import Extent

KERNEL = Kernel("esp32s3", "conv_2d")
PIXELS, STRIPS = "pixels of the image", "strips"
VARIANTS = tuple(
    (KERNEL.name, f"{where}, {how}") for where in (PIXELS, STRIPS) for how in ROUNDINGS
)
"""Every way in which there is code for it."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, shape = io.input(0).shape, io.input(1).shape
    height, width = op.extents(image, shape)
    if io.input(1).data is None:
        yield Declined("its weights are not constant")
        return
    if image[3] != shape[3]:
        yield Declined("it has no groups")
        return
    if width.dilation != 1 and width.filter > 1:
        yield Declined("columns of a window that are not neighbours")
        return
    weights = io.constant(1)
    # A strip has the rows of a window below each other, pixel by pixel.
    found = channels(site, weights.transpose(0, 2, 1, 3).reshape(len(weights), -1))
    if isinstance(found, Declined):
        yield found
        return
    yield _candidate(site, found, height, width)


def _candidate(site: Site, found: Channels, height: Extent, width: Extent) -> Candidate:
    io = site.io
    batches, depth = io.input(0).shape[0], io.input(0).shape[3]
    border = any((height.before, height.after, width.before, width.after))
    direct = height.filter == width.filter == 1 and not border
    column = height.filter * depth
    columns = max((width.output - 1) * width.stride + width.filter, width.before + 1)
    copied = found.steps > HELD and (direct or width.stride * column % LANES > 0)
    scratch = BEFORE + (found.steps * LANES if copied else 0)
    scratch += 0 if direct else columns * column + 2 * LANES
    block = (1, 1) if direct else (1, width.output)
    order = in_blocks(
        height, width, (depth, found.count), batches=batches, block=block, reads_first=True
    )
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": batches,
            "input_height": height.input,
            "input_width": width.input,
            "input_channels": depth,
            "output_height": height.output,
            "output_width": width.output,
            "output_channels": found.count,
            "filter_height": height.filter,
            "filter_width": width.filter,
            "stride_height": height.stride,
            "stride_width": width.stride,
            "dilation_height": height.dilation,
            "pad_top": height.before,
            "pad_left": width.before,
            "input_zero_point": io.input(0).q.zero_point,
            "columns": columns,
            "direct": int(direct),
            **found.params(),
        },
        constants={"weights": found.stream(), "constants": found.constants()},
        scratch_bytes=scratch,
        overlaps=order.overlaps(io.output.nbytes),
    )
    pixel = found.run() + 4 + (4 * found.steps + 3) * copied
    work: float = batches * height.output * width.output * pixel
    if not direct:
        work += batches * height.output * height.filter * (30 + columns * _pixel(depth))
    flash = found.code() + (80 if direct else 350)
    flash += sum(one.data.nbytes for one in call.constants.values())
    why = f"{PIXELS if direct else STRIPS}, {found.way}"
    return Candidate((site.node,), (call,), cost(work, flash, scratch), why=why)


def _pixel(depth: int) -> float:
    """Instructions for one pixel of a row in a strip."""
    if depth % LANES == 0:
        return 8 + 4 * depth / LANES
    return 5 + (depth / 2 if depth % 4 == 0 else 2 * depth)
