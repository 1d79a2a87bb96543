"""CONV_2D: two pixels by four channels at a time, on strips or on the image itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tinygen.engines.aot.kernel_sets.mve.channels import LANES, Channels, channels
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Kernel, KernelCall, ParamValue
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.orders import in_blocks
from tinygen.ops.spatial import Extent

KERNEL = Kernel("mve", "conv_2d")
BLOCK = (0, 1, 2, 3)
"""Channels at a time, in this order."""
LONGEST = 4080
"""Bytes of a window or row: what is subtracted from a pointer at once."""
_OFFSET = 255
"""Bytes from a vector's first element to its last, where they are spread in a strip."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Conv2D)
    image, shape = io.input(0).shape, io.input(1).shape
    height, width = op.extents(image, shape)
    rest = why_not(image[3], shape[3], height, width)
    if rest:
        yield Declined(rest)
        return
    weights = io.constant(1)
    # A strip has the rows of a window below each other, pixel by pixel.
    found = channels(site, weights.transpose(0, 2, 1, 3).reshape(len(weights), -1))
    if isinstance(found, Declined):
        yield found
        return
    yield from convolutions(site, found, image[0], image[3], height, width)


def why_not(image: int, depth: int, height: Extent, width: Extent) -> str:
    """What the kernel has not, or nothing."""
    if image != depth:
        return "it has no groups"
    if width.dilation != 1 and width.filter > 1:
        return "columns of a window that are not neighbours"
    if height.filter * width.filter * depth > LONGEST:
        return f"a window of more than {LONGEST} bytes"
    if depth < LANES and not _direct(height, width):
        pixels = LANES // depth
        if (pixels - 1) * height.filter * depth + depth > _OFFSET:
            return f"{height.filter} rows of so few channels"
    return ""


def convolutions(
    site: Site, found: Channels, batches: int, depth: int, height: Extent, width: Extent
) -> Iterable[Candidate]:
    """Of an image, or of rows as if they were pixels: the faster one, and the smaller one."""
    if height.filter == width.filter == height.stride == width.stride == 1 and not _border(
        height, width
    ):  # pixels of all rows are as good as of one
        pixels = batches * height.input * width.input
        batches, height = 1, Extent(1, 1, 1, 1, 1, 0)
        width = Extent(pixels, pixels, 1, 1, 1, 0)
    direct = _direct(height, width)
    lines = _lines(height, width) if not direct else 1
    run = height.filter * width.filter * depth
    whole = -(-run // LANES) * LANES
    columns = (width.output - 1) * width.stride + width.filter
    scratch = lines * columns * height.filter * depth + LANES
    if direct:
        scratch = 2 * whole if run % LANES else 1
    io = site.io
    params: dict[str, ParamValue] = {
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
        "direct": int(direct),
        "lines": lines,
        "small": 0,
        **found.params(),
    }
    order = in_blocks(
        height,
        width,
        (depth, found.count),
        batches=batches,
        block=(1, 2) if direct else (lines, width.output),
        reads_first=not direct,
    )
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params=params,
        constants={"weights": found.in_blocks(BLOCK)},
        scratch_bytes=scratch,
        overlaps=order.overlaps(io.output.nbytes),
    )
    where = PIXELS if direct else BELOW if lines == 2 else BESIDE
    steps = whole // LANES
    pairs = batches * -(-height.output // lines) * -(-width.output // (3 - lines))
    strips = _strip(depth, height, width).times(batches * height.output * (not direct))
    around = strips.and_(_LINE.times(batches * height.output))
    constants = call.constants["weights"].data.nbytes
    for small in (False, True)[: 2 if steps > 1 else 1]:
        rounds, code = _loop(steps, small)
        work = _pair(found, steps, rounds).times(pairs).and_(around)
        flash = 350 + code + (0 if direct else 300) + constants
        yield Candidate(
            (site.node,),
            (replace(call, params={**params, "small": int(small)}),),
            work.cost(flash, scratch),
            why=_way(where, found.twice, small),
        )


PIXELS, BESIDE, BELOW = "pixels of the image", "strips, pairs beside", "strips, pairs below"


def _way(where: str, twice: bool, small: bool) -> str:
    return f"{where}, {ROUNDINGS[twice]}" + ", in a loop" * small


ROUNDINGS = ("one rounding", "two roundings")
VARIANTS = tuple(
    (KERNEL.name, _way(where, twice, small))
    for where in (PIXELS, BESIDE, BELOW)
    for twice in (False, True)
    for small in (False, True)
)
"""Every way in which there is code for it."""
_LINE = Work(0, 60)
"""For each line of output pixels."""


def _loop(steps: int, small: bool) -> tuple[int, int]:
    """How often the loop over steps goes round, and the bytes of its code and what is before it."""
    step = 56
    if small and steps > 1:
        return steps - 1, 2 * step + 28
    if steps > _FEW:
        return (steps - 1) // 4, (5 + (steps - 1) % 4) * step + 28
    return 0, steps * step


_FEW = 12
"""Steps that stand one behind the other."""


def _pair(found: Channels, steps: int, rounds: int) -> Work:
    """All channels of two pixels."""
    loop = 5 + 2 * rounds if rounds else 2 * (steps > 8)
    block = Work(14 * steps + 6 + found.twice, 2 + loop)
    store = Work(3) if found.count % 4 == 0 else Work(5)
    blocks = -(-found.count // len(BLOCK))
    return block.and_(found.requantized(2), store).times(blocks).and_(Work(0, 13))


def _strip(depth: int, height: Extent, width: Extent) -> Work:
    """The strip of one line."""
    if depth < LANES:
        row = Work(4, 3).times(-(-width.input // (LANES // depth)))
    else:
        rest = Work(3) if depth % LANES else Work()
        row = Work(2 * (depth // LANES), 4).and_(rest).times(width.input)
    return row.and_(Work(0, 20)).times(height.filter)


def _border(height: Extent, width: Extent) -> bool:
    return any((height.before, height.after, width.before, width.after))


def _direct(height: Extent, width: Extent) -> bool:
    """Whether windows are runs of the image."""
    return height.filter == 1 and not _border(height, width)


def _lines(height: Extent, width: Extent) -> int:
    """Whether fewer pixels are computed twice where pairs stand one below the other."""
    beside, below = -(-width.output // 2) * height.output, -(-height.output // 2) * width.output
    return 2 if below < beside else 1
