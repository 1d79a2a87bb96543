"""DEPTHWISE_CONV_2D of any window on pairs of pixels: what the kernel for 3x3 is not made for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import int32
from tinygen.engines.aot.kernel_sets.dsp.depthwise import Layer, factors, layer, pairs_of
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.engines.aot.requantize import Fast, Form, Stairs, fastest
from tinygen.ir import Array, Constant, Kernel, KernelCall, Overlap
from tinygen.ops.activation import INT8_MAX, INT8_MIN

ANY = Kernel("dsp", "depthwise_conv_2d")
ONE_ROW, TWO_ROWS = "any window, a row at a time", "any window, two rows at a time"
VARIANTS = ((ANY.name, ONE_ROW), (ANY.name, TWO_ROWS))
"""Every way in which there is code for it."""

_GAPS = (4, 8, 14)
"""Pairs of rows that there is room for in a column."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """What there is for the site's node."""
    found = layer(site, _requantized, "no fast requantization")
    yield found if isinstance(found, Declined) else _candidate(site, found)


def _requantized(there: Stairs) -> Fast | None:
    """One rounding, or both of the specification's; a shift for each channel."""
    fast = fastest(there, factors(there), forms=(Form.FLOOR,), common=False)
    return fast or fastest(there, 2, forms=(Form.TWICE,))


class _Windows(NamedTuple):
    """How windows lie on pairs of rows."""

    rows: int
    """Of outputs that share pairs."""
    pairs: int
    """That they need of a column."""
    advance: int
    """Pairs from these rows to the next ones."""
    words: Array
    """[channels, filter width, pairs, rows]: their weights."""


def _windows(found: Layer) -> _Windows:
    height = found.height
    rows = 2 if height.stride % 2 else 1
    pairs = -(-(height.span + (rows - 1) * height.stride) // 2)
    spread = np.zeros((found.channels, rows, 2 * pairs, found.width.filter), np.int64)
    for row in range(rows):
        first = row * height.stride
        spread[:, row, first : first + height.span : height.dilation] = found.weights
    words = pairs_of(spread[:, :, 0::2], spread[:, :, 1::2]).transpose(0, 3, 2, 1)
    return _Windows(rows, pairs, rows * height.stride // 2, words)


def _candidate(site: Site, found: Layer) -> Candidate | Declined:
    io, height, width = site.io, found.height, found.width
    batches, _, _, channels = io.input(0).shape
    windows = _windows(found)
    gap = next((gap for gap in _GAPS if gap >= windows.pairs + windows.advance), _GAPS[-1])
    if gap < windows.pairs:
        return Declined(f"a window of more than {2 * gap} rows")
    multiplier = found.channels // channels
    low, high = found.fast.clamp or (INT8_MIN, INT8_MAX)
    columns = (max(width.output, 4) - 1) * width.stride + width.span
    strips = tuple(_strips(found, windows, gap))
    follows = multiplier == 1 and _follows(found, strips, batches)
    ends = np.stack(
        [found.start, found.fast.multiplier, found.fast.addend, found.fast.shift], axis=1
    )
    words = np.concatenate([windows.words.reshape(found.channels, -1), ends], axis=1)
    call = KernelCall(
        kernel=ANY,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": batches,
            "input_height": height.input,
            "input_width": width.input,
            "channels": channels,
            "multiplier": multiplier,
            "output_height": height.output,
            "output_width": width.output,
            "rows": windows.rows,
            "pairs": windows.pairs,
            "advance": windows.advance,
            "filter_width": width.filter,
            "stride_width": width.stride,
            "dilation_width": width.dilation,
            "pad_top": height.before,
            "pad_left": width.before,
            "input_zero_point": io.input(0).q.zero_point,
            "gap": gap,
            "sign": -int(found.fast.form is Form.TWICE),
            "output_min": low,
            "output_max": high,
        },
        constants={"weights": Constant(int32(words).astype(np.int32).reshape(-1))},
        scratch_bytes=16 * columns * gap,
        overlaps=(Overlap(0, 0, io.output.nbytes, exact=True),) if follows else (),
    )
    work = _work(found, windows, strips, columns, gap, channels)
    instructions, cycles = (
        round(sum(_PRICES[kind][unit] * count for kind, count in work.items()) * batches)
        for unit in range(2)
    )
    cost = Cost(instructions, cycles, flash=_CODE + 4 * words.size, scratch=call.scratch_bytes)
    why = TWO_ROWS if windows.rows == 2 else ONE_ROW
    return Candidate((site.node,), (call,), cost, why=why)


class _Strip(NamedTuple):
    """Rows of outputs between conversions."""

    first: int
    """Row of outputs."""
    taken: int
    """Pairs of rows that are converted before it."""
    moved: int
    """Pairs that were there already."""


def _strips(found: Layer, windows: _Windows, gap: int) -> Iterator[_Strip]:
    """As the kernel goes through an image."""
    units = -(-found.height.output // windows.rows)
    last = (units - 1) * windows.advance + windows.pairs
    base = done = 0
    for unit in range(units):
        first = unit * windows.advance
        if first + windows.pairs - base > gap or done == 0:
            moved = max(done - first, 0)
            base, start = first, max(first, done)
            done = min(last, first + gap)
            yield _Strip(unit * windows.rows, done - start, moved)


def _follows(found: Layer, strips: tuple[_Strip, ...], batches: int) -> bool:
    """Whether outputs never are ahead of the pixels that have been read."""
    height, width = found.height, found.width
    taken = 0
    for strip, after in zip(strips, (*strips[1:], None), strict=True):
        taken += strip.taken
        if after is None:
            break
        read = min(max(2 * taken - height.before, 0), height.input) * width.input
        if after.first * width.output > read:
            return False
    whole = height.output * width.output <= height.input * width.input
    return batches == 1 or whole


def _work(
    found: Layer,
    windows: _Windows,
    strips: tuple[_Strip, ...],
    columns: int,
    gap: int,
    channels: int,
) -> dict[str, int]:
    """How often the kernel does what, in an image."""
    height, width = found.height, found.width
    groups, rest = divmod(channels, 4)
    units = -(-height.output // windows.rows)
    two = windows.rows == 2
    most = 3 if two else 4
    across = -(-width.output // most)
    blocks = across * units * found.channels
    pixels = min(width.input, columns - width.before) * sum(strip.taken for strip in strips)
    count = min(width.output, most) * across * height.output * found.channels
    return {
        "start": 4 * columns * gap,
        "pixel": pixels * groups,
        "few": pixels * rest,
        "strip": len(strips) * (groups + (rest > 0)),
        "moved": sum(strip.moved for strip in strips) * 4 * columns * (groups + (rest > 0)),
        "rows": units * found.channels,
        "block": blocks,
        "column": blocks * width.filter,
        ("two" if two else "one"): blocks * width.filter * windows.pairs,
        "code": count,
    }


_PRICES = {
    "start": (8.6, 13.6),  # a word of the columns, before the first image
    "pixel": (16, 22),  # four channels of two, one above the other
    "few": (26, 39.4),  # a channel of a pair, where less than four are left
    "strip": (292, 579),  # four channels between conversions
    "moved": (12.1, 16.4),  # a word that a strip leaves to the next
    "rows": (66.5, 108.7),  # of outputs that share pairs
    "block": (53.4, 99.7),  # three or four outputs in each of them
    "column": (19.4, 23.4),  # of a block's window
    "one": (9.9, 14.6),  # a word of weights for one row
    "two": (14.3, 23.9),  # and for two rows
    "code": (22.6, 36.0),
}
"""Instructions, and cycles by the Cortex-M4's timing, fitted to 23 layers counted on the emulated
core (November 2026, GCC 12.2, -O2); none of them is further off than 10 %."""
_CODE = 2000
