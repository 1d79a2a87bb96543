"""CONV_2D: two pixels by four channels at a time, on strips or on the image itself."""

from __future__ import annotations

from collections.abc import Iterable

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
    yield convolution(site, found, image[0], image[3], height, width)


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


def convolution(
    site: Site, found: Channels, batches: int, depth: int, height: Extent, width: Extent
) -> Candidate:
    """Of an image, or of rows as if they were pixels."""
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
    pairs = batches * -(-height.output // lines) * -(-width.output // (3 - lines))
    work = _pair(found, whole // LANES).times(pairs)
    strips = batches * height.output * (not direct)
    work = work.and_(
        _strip(depth, height, width).times(strips), _LINE.times(batches * height.output)
    )
    flash = _code(whole // LANES, direct) + call.constants["weights"].data.nbytes
    return Candidate((site.node,), (call,), work.cost(flash, scratch), why="2 pixels, 4 channels")


_LINE = Work(0, 60)
"""For each line of output pixels."""
_FEW = 8
"""Steps that stand one behind the other."""


def _pair(found: Channels, steps: int) -> Work:
    """All channels of two pixels."""
    rounds = (steps - 1) // 4 if steps > _FEW else 0
    block = Work(14 * steps + 6 + found.twice, 2 + (5 + 2 * rounds if rounds else 0))
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


def _code(steps: int, direct: bool) -> int:
    """Bytes."""
    step = 56
    blocks = step * (steps if steps <= _FEW else 5 + (steps - 1) % 4)
    return 330 + blocks + (0 if direct else 300)


def _border(height: Extent, width: Extent) -> bool:
    return any((height.before, height.after, width.before, width.after))


def _direct(height: Extent, width: Extent) -> bool:
    """Whether windows are runs of the image."""
    return height.filter == 1 and not _border(height, width)


def _lines(height: Extent, width: Extent) -> int:
    """Whether fewer pixels are computed twice where pairs stand one below the other."""
    beside, below = -(-width.output // 2) * height.output, -(-height.output // 2) * width.output
    return 2 if below < beside else 1
