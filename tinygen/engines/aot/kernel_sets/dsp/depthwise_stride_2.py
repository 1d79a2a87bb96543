"""DEPTHWISE_CONV_2D 3x3 with a stride of 2, on pixels where they lie, four channels at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import int32, shared
from tinygen.engines.aot.kernel_sets.dsp.depthwise import (
    OWN,
    TWICE,
    Layer,
    layer,
    pairs_of,
    requantized,
)
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall, Overlap
from tinygen.ops.orders import in_blocks

KERNEL = Kernel("dsp", "depthwise_stride_2")

WORDS = "3x3, stride 2, words of channels"
VARIANTS = tuple(
    (KERNEL.name, WORDS + own + rounded) for own in ("", OWN) for rounded in ("", TWICE)
)
"""Every way in which there is code for it."""

_ORDER = (0, 2, 1)
"""In which the columns of a window are taken: the third is the next window's first."""
_MOST_OWN = 1020
"""Channels, for the distance of a fifth column in an instruction."""

_PRICES = {
    "call": (70, 110),
    "run": (95, 150),  # neighbouring outputs
    "two": (14, 24),  # outputs side by side
    "words": (185, 253),  # of four channels
    "own": (173, 225),  # the same in code of the layer's own
    "twice": (20, 28),  # what is added where sums are rounded twice
    "window": (120, 190),  # under two outputs that reach beyond the image's columns
    "bytes": (12, 17),  # and each channel of it
    "border": (5, 8),  # a word of a row of the border
}
"""Instructions, and cycles by the Cortex-M4's timing, fitted to 12 layers counted on the emulated
core (November 2026, GCC 12.2, -O2); none of them is further off than 5 %."""
_CODE, _WRAPPER = 900, 70
_BLOCKS = 780
"""Bytes of what all layers have, of each layer's function, and of the inner loop."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """By code that all layers share, and by code of the layer's own."""
    found = layer(site, requantized, "no fast requantization within int8's ends")
    if isinstance(found, Declined):
        yield found
        return
    height, width = found.height, found.width
    shape = (height.filter, width.filter, height.stride, width.stride)
    if (*shape, height.dilation, width.dilation) != (3, 3, 2, 2, 1, 1):
        yield Declined("no window of 3x3 at a stride of 2")
    elif site.io.input(0).shape[3] != found.channels or found.channels % 4:
        yield Declined("several filters for a channel, or channels that are no fours")
    else:
        yield _candidate(site, found, own=False)
        if found.channels <= _MOST_OWN:
            yield _candidate(site, found, own=True)


def _candidate(site: Site, found: Layer, *, own: bool) -> Candidate:
    io, height, width = site.io, found.height, found.width
    batches, data = io.input(0).shape[0], _stream(found)
    bordered = bool(height.before) or 2 * height.output - height.before + 1 > height.input
    order = in_blocks(height, width, (1, 1), batches=batches, block=(1, 2), reads_first=True)
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": batches,
            "input_height": height.input,
            "input_width": width.input,
            "channels": found.channels,
            "output_height": height.output,
            "output_width": width.output,
            "pad_top": height.before,
            "pad_left": width.before,
            "bordered": int(bordered),
            "input_zero_point": io.input(0).q.zero_point,
            "own": int(own),
            "shift": 0 if found.twice else int(found.fast.shift[0]),
        },
        constants={"weights": Constant(data)},
        scratch_bytes=(15 + width.input * bordered) * found.channels,
        # In pixels: none is written that is still to be read, but for channels already taken.
        overlaps=() if order.distance else (Overlap(0, 0, io.output.nbytes, exact=True),),
    )
    work = _work(found, batches, own, bordered)
    instructions, cycles = (
        round(sum(_PRICES[kind][unit] * count for kind, count in work.items())) for unit in range(2)
    )
    code = _WRAPPER + shared(site, _CODE) + (_BLOCKS if own else shared(site, _BLOCKS))
    cost = Cost(instructions, cycles, flash=code + data.nbytes, scratch=call.scratch_bytes)
    why = WORDS + OWN * own + TWICE * found.twice
    return Candidate((site.node,), (call,), cost, why=why)


def _stream(found: Layer) -> Array:
    """What the kernel reads, four channels at a time."""
    fast, fours = found.fast, found.channels // 4
    taps = found.weights[:, :, _ORDER].reshape(fours, 4, 9).transpose(0, 2, 1)
    weights = np.stack([pairs_of(taps[..., i], taps[..., i + 2]) for i in (0, 1)], axis=2)
    ends = np.stack([fast.multiplier, fast.addend] + [fast.shift] * found.twice, axis=1)
    parts = [found.start.reshape(fours, -1), weights.reshape(fours, -1), ends.reshape(fours, -1)]
    return int32(np.concatenate(parts, axis=1)).astype(np.int32).reshape(-1)


def _work(found: Layer, batches: int, own: bool, bordered: bool) -> dict[str, int]:
    """How often the kernel does what."""
    height, width = found.height, found.width
    inside, copied = _twos(width.output, width.input, width.before)
    twos = height.output * (inside + copied)
    windows = height.output * copied
    words = twos * (found.channels // 4)
    each = {
        "run": height.output * (inside > 0) + windows,
        "two": twos,
        "own" if own else "words": words,
        "twice": words * found.twice,
        "window": windows,
        "bytes": windows * found.channels,
    }
    border = width.input * found.channels * bordered // 4
    return {kind: count * batches for kind, count in each.items()} | {"call": 1, "border": border}


def _twos(outputs: int, columns: int, before: int) -> tuple[int, int]:
    """Of a row's twos of outputs, those whose columns are all there, and the others."""
    x = inside = copied = 0
    while x < outputs:
        left = 2 * x - before
        fitting = min((columns - left - 1) // 4, (outputs - x) // 2) if left >= 0 else 0
        inside, copied = (inside + fitting, copied) if fitting > 0 else (inside, copied + 1)
        x += 2 * max(fitting, 1)
    return inside, copied
