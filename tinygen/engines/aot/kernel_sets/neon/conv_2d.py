"""CONV_2D: some windows by four channels at a time, in the image itself or copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tinygen.engines.aot.kernel_sets.neon.channels import (
    HALF,
    LANES,
    ROUNDINGS,
    WORDS,
    Channels,
    channels,
    cost,
)
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Array, Kernel, KernelCall, Order
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.orders import in_blocks, in_runs
from tinygen.ops.spatial import Extent, Pair

KERNEL = Kernel("neon", "conv_2d")
PIXELS, COPIES = "pixels of the image", "copied windows"
VARIANTS = tuple(
    (KERNEL.name, f"{where}, {how}") for where in (PIXELS, COPIES) for how in ROUNDINGS
)
"""Every way in which there is code for it."""
_WINDOWS = 4
"""At a time, on a 64-bit core."""
_FEWEST = 2
"""On a 32-bit one."""
FEW = "one channel of few products"


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, shape = io.input(0).shape, io.input(1).shape
    if io.input(1).data is None:
        yield Declined("its weights are not constant")
        return
    if image[3] != shape[3]:
        yield Declined("it has no groups")
        return
    weights = io.constant(1)
    taps = weights.reshape(len(weights), -1)
    if few(taps):
        yield Declined(FEW)
        return
    found = channels(site, taps, beside=HALF)
    if isinstance(found, Declined):
        yield found
        return
    yield convolution(site, found, image[0], image[3], *op.extents(image, shape))


def convolution(
    site: Site, found: Channels, batches: int, depth: int, height: Extent, width: Extent
) -> Candidate:
    """Of an image, or of rows as if they were pixels."""
    io = site.io
    border = any((height.before, height.after, width.before, width.after))
    direct = height.filter == width.filter == 1 and not border and depth % HALF == 0
    window = height.filter * width.filter * depth
    scratch = 1 if direct else _WINDOWS * (-(-window // LANES) * LANES)
    order = _order((depth, found.count), batches, height, width, direct)
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
            "dilation_width": width.dilation,
            "pad_top": height.before,
            "pad_left": width.before,
            "input_zero_point": io.input(0).q.zero_point,
            "direct": int(direct),
            **found.params(),
        },
        constants={"weights": found.in_fours()},
        scratch_bytes=scratch,
        overlaps=order.overlaps(io.output.nbytes),
    )
    blocks = batches * -(-height.output * width.output // _WINDOWS)
    work = block(found, window, _WINDOWS) + 30
    if not direct:
        work += _WINDOWS * height.filter * _run(width, depth)
    flash = (900 if direct else 1500) + call.constants["weights"].data.nbytes
    why = f"{COPIES if not direct else PIXELS}, {found.way}"
    return Candidate((site.node,), (call,), cost(blocks * work, flash, scratch), why=why)


def few(weights: Array) -> bool:
    """Whether these [channels, taps] are too few: most of what a block does is for nothing."""
    return len(weights) == 1 and weights.shape[1] < HALF


def _order(channels: Pair, batches: int, height: Extent, width: Extent, direct: bool) -> Order:
    """Of blocks of pixels that lie in rows or not. A copy is read before its block is written, but
    in blocks of a 32-bit core, which are the smaller ones."""
    if batches > 1:
        image = height.output, width.output
        return in_blocks(height, width, channels, batches=batches, block=image)
    order = in_runs(height, width, channels, _WINDOWS if direct else _FEWEST)
    return replace(order, reads_first=not direct)


def block(found: Channels, window: int, windows: int) -> float:
    """Instructions of a 64-bit core for all channels of some windows of so many bytes."""
    sixteens, eight = (window + HALF - 1) // LANES, -(-window // HALF) % 2
    step = WORDS + windows + 3 * WORDS * windows
    last = WORDS + windows + 2 * WORDS * windows
    sums = (step + 3) * sixteens + last * eight + 4 * windows * (sixteens > 0) + 3 * windows
    codes = found.requantized(windows) + 3 * windows + 8
    return (sums + codes) * -(-found.count // WORDS)


def _run(width: Extent, depth: int) -> float:
    """Instructions for one row of a window."""
    if width.dilation > 1:
        return 12 + width.filter * (16 + depth / 8)
    cut = -(-width.before // width.stride) + -(-width.after // width.stride)
    return 24 + 0.3 * width.filter * depth + 40 * min(1, cut / width.output)
