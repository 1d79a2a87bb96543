"""DEPTHWISE_CONV_2D 3x3 on pairs of pixels, one above the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import int32, shared
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.engines.aot.requantize import Fast, Form, Stairs, fastest, stairs
from tinygen.ir import Array, Constant, Kernel, KernelCall, Overlap
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.fixed_point import Int64
from tinygen.ops.spatial import Extent
from tinygen.ops.weighted import constant_bias

THREE = Kernel("dsp", "depthwise_3x3")
ALONG, DOWN, STRIDED = "3x3, blocks along rows", "3x3, blocks down columns", "3x3, every other row"
OWN = ", code of its own"
TWICE, PACKED = ", rounded twice", ", weights as bytes"
VARIANTS = tuple(
    (THREE.name, way + rounded + packed)
    for way in (ALONG, DOWN, STRIDED, ALONG + OWN, DOWN + OWN)
    for rounded in ("", TWICE)
    for packed in ("", PACKED)
)
"""Every way in which there is code for it."""

_SHIFTS = (12, 11, 13, 10, 14, 9, 15, 8)
"""Those that there is code for, in the order of preference."""
_GAPS = (4, 8, 14)
"""Pairs of rows that there is room for in a column; with a stride of 2 only the first."""
_SCRATCH = 0.2
"""A share of the image's bytes that scratch may take."""
_MOST_FACTOR = 256
"""Weights of 8 bits lie in halfwords."""


_PRICES = {
    "call": (79, 120),
    "start": (5.1, 9.1),  # a word of the border's columns, before the first image
    "pixel": (17.3, 22.5),  # four channels of two, one above the other
    "row": (4.4, 12),  # of such pairs
    "rows": (161, 262),  # that follow each other
    "border": (19, 35.4),  # a row of pairs of which one is outside of the image
    "missing": (1.7, 0.5),  # four channels there
    "few": (30.7, 43.3),  # a channel of a pair, where less than four are left
    "again": (4, 6.3),  # a word that a strip leaves to the next
    "run": (208, 436),  # of four channels over a strip
    "inner": (7.1, 10.8),  # a loop over blocks
    "block": (47.6, 62.6),  # two rows by two columns of outputs
    "own": (41.7, 51.8),  # the same in code of the layer's own
    "loop": (2.8, 5.3),  # of such blocks
    "far": (0.6, 0.3),  # one of those from which it is far to the next
    "odd": (27.3, 38.6),  # two rows by one column
    "four": (53.3, 75.9),  # outputs of a row, with a stride of 2
    "two": (28, 41),
    "one": (18.9, 29.9),
    "unpacked": (58, 88),  # a channel of which the weights are bytes
    "single": (10, 18),  # a channel of a last row that is one, in code of the layer's own
    "single four": (49, 66),
    "single one": (15, 24),
}
"""Instructions, and cycles by the Cortex-M4's timing, fitted to 53 layers counted on the emulated
core (November 2026, GCC 12.2, -O2); none of them is further off than 3 %."""
_TWICE_MORE = {
    **dict.fromkeys(("block", "own", "four", "single four"), (11, 16)),
    **dict.fromkeys(("odd", "two"), (7, 12)),
    **dict.fromkeys(("one", "single one"), (5, 10)),
}
"""What is added to them where sums are rounded twice."""
_CODE, _WRAPPER = 1500, 110
"""Bytes of what all layers have around blocks, and of each layer's function."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A depthwise layer whose registers hold `factor` times a sum, for each channel its own."""

    height: Extent
    width: Extent
    weights: Int64
    """[channels, filter height, filter width], times the factor; zeros where a code is constant."""
    start: Int64
    """[channels]: what a register begins with, the zero point's share taken from the bias."""
    fast: Fast

    @property
    def channels(self) -> int:
        return self.start.size

    @property
    def scale(self) -> int:
        """The factor, where all channels have the same; else 0."""
        factor = int(self.fast.factor[0])
        return factor if (self.fast.factor == factor).all() else 0

    @property
    def twice(self) -> bool:
        """Whether both of the specification's roundings are done."""
        return self.fast.form is Form.TWICE


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """What there is for the site's node."""
    found = layer(site, requantized, "no fast requantization within int8's ends")
    if isinstance(found, Declined):
        yield found
    else:
        yield from _three_by_three(site, found)


def layer(
    site: Site, requantized: Callable[[Stairs], Fast | None], why_not: str
) -> Layer | Declined:
    """The site's layer, its codes computed as `requantized` finds, or for what there is none."""
    op, io = site.node.op, site.io
    assert isinstance(op, DepthwiseConv2D)
    op.check(io)
    sums = site.facts.accumulators.get(io.output.id)
    if sums is None or io.input(1).data is None:
        return Declined("its weights or its bias are not constant")
    weights = io.constant(1)[0].astype(np.int64).transpose(2, 0, 1)
    channels = len(weights)
    there = stairs(op.requantization(io), sums, channels)
    if there is None:
        return Declined("sums that may wrap")
    fast = requantized(there)
    if fast is None:
        return Declined(why_not)
    height, width = op.extents(io.input(0).shape, io.input(1).shape)
    bias = constant_bias(io, channels)
    alive = fast.multiplier != 0
    products = weights.sum(axis=(1, 2)) * io.input(0).q.zero_point
    start = np.where(alive, fast.factor * (bias - products) + fast.tweak, 0)
    scaled = np.where(alive[:, None, None], weights * fast.factor[:, None, None], 0)
    return Layer(height, width, scaled, start, fast)


def requantized(there: Stairs) -> Fast | None:
    """One rounding, with a shift that there is code for, or both of the specification's; and no
    clamp but int8's."""
    fast = fastest(there, factors(there), forms=(Form.FLOOR,), shifts=_SHIFTS)
    if fast is None or fast.common_shift not in _SHIFTS:
        fast = fastest(there, 2, forms=(Form.TWICE,))
    return fast if fast is not None and fast.clamp is None else None


def factors(there: Stairs) -> Int64:
    """For each channel the greatest power of two for which no register overflows."""
    reach = np.maximum(np.abs(there.low), np.abs(there.high)) + 1
    room = np.floor(np.log2(((1 << 31) - (1 << 12)) / reach)).astype(np.int64)
    fitting = np.clip(1 << np.clip(room, 0, 31), 1, _MOST_FACTOR)
    return np.where(there.constant, _MOST_FACTOR, fitting)


def _three_by_three(site: Site, found: Layer) -> Iterable[Candidate | Declined]:
    """By code that all layers share, and by code of the layer's own."""
    height, width = found.height, found.width
    stride = height.stride
    if (height.filter, width.filter, height.dilation, width.dilation) != (3, 3, 1, 1):
        yield Declined("no window of 3x3")
    elif site.io.input(0).shape[3] != found.channels:
        yield Declined("several filters for a channel")
    elif stride != width.stride or stride not in (1, 2) or (stride == 1 and width.output < 2):
        yield Declined("a stride of neither 1 nor 2, or a width of 1")
    else:
        plan = _planned(found, site.io.input(0).nbytes)
        for one in (plan, plan.own()):
            if one is not None:
                yield _candidate(site, found, one, scale=0)
                if scale := found.scale:
                    yield _candidate(site, found, one, scale)


def _candidate(site: Site, found: Layer, plan: _Plan, scale: int) -> Candidate:
    io, height, width = site.io, found.height, found.width
    batches = io.input(0).shape[0]
    follows = plan.follows(batches)
    data = _packed(found) if scale else _stream(found)
    call = KernelCall(
        kernel=THREE,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "batches": batches,
            "input_height": height.input,
            "input_width": width.input,
            "channels": found.channels,
            "output_height": height.output,
            "output_width": width.output,
            "stride": height.stride,
            "pad_top": height.before,
            "pad_left": width.before,
            "input_zero_point": io.input(0).q.zero_point,
            "known": plan.known,
            "gap": plan.gap,
            "shift": 0 if found.twice else int(found.fast.shift[0]),
            "scale": scale,
        },
        constants={"weights": Constant(data)},
        scratch_bytes=plan.scratch,
        # No pixel is written of which a channel is still to be read.
        overlaps=(Overlap(0, 0, io.output.nbytes, exact=True),) if follows else (),
    )
    cost = plan.cost(batches, packed=scale > 0)
    apart = plan.known or height.stride == 2
    code = shared(site, _CODE) + (plan.code if apart else shared(site, plan.code))
    cost += Cost(0, 0, _WRAPPER + code + data.nbytes)
    return Candidate((site.node,), (call,), cost, why=plan.why + PACKED * (scale > 0))


def _stream(found: Layer) -> Array:
    """What the kernel reads, channel by channel."""
    w, fast = found.weights, found.fast
    ends = [fast.multiplier, fast.addend, found.start] + [fast.shift] * found.twice
    words = [pairs_of(w[:, 0], w[:, 1]), pairs_of(w[:, 1], w[:, 2]), np.stack(ends, axis=1)]
    return int32(np.concatenate(words, axis=1)).astype(np.int32).reshape(-1)


def _packed(found: Layer) -> Array:
    """The same with weights as bytes, four channels at a time."""
    fast = found.fast
    ends = np.stack(
        [fast.multiplier, fast.addend, found.start] + [fast.shift] * found.twice, axis=1
    )
    taps = (found.weights // fast.factor[:, None, None]).astype(np.int8).reshape(-1, 9)
    parts = []
    for first in range(0, found.channels, 4):
        some = taps[first : first + 4].tobytes()
        parts.append(np.frombuffer(some + bytes(-len(some) % 4), np.int32))
        parts.append(int32(ends[first : first + 4]).astype(np.int32).reshape(-1))
    return np.concatenate(parts)


def pairs_of(low: Int64, high: Int64) -> Int64:
    return (low & 0xFFFF) | (high & 0xFFFF) << 16


def _planned(found: Layer, nbytes: int) -> _Plan:
    """The fastest of the plans with little scratch, beside the bytes of the image."""
    if found.height.stride == 2:
        return _Plan(found, _GAPS[0])
    plans = [_Plan(found, gap) for gap in _GAPS]
    small = [plan for plan in plans if plan.scratch <= max(_SCRATCH * nbytes, 2048)]
    return min(small or plans[:1], key=lambda plan: plan.cost(1).cycles)


class _Plan:
    """How the kernel goes through an image: strips of a few rows, four channels at a time."""

    def __init__(self, found: Layer, gap: int, known: int = 0) -> None:
        self._found = found
        self.known = known
        """Blocks in a loop of the layer's own code, 0 where that is shared."""
        height, width = found.height, found.width
        self._strided = height.stride == 2
        self.gap = gap
        self.columns = (width.output - 1) * height.stride + 3
        rows = 1 if self._strided else 2
        units = -(-height.output // rows)
        most = self.gap - 1
        self.strips = [min(most, units - first) for first in range(0, units, most)]
        """Rows of outputs, or twos of rows, of each strip."""
        self.single = units * rows - height.output
        """1 where the last two rows are one."""
        half = width.output // 2
        self.down = not self._strided and height.output // 2 > half and most > half

    @property
    def why(self) -> str:
        how = STRIDED if self._strided else DOWN if self.down else ALONG
        return how + OWN * (self.known > 0) + TWICE * self._found.twice

    def own(self) -> _Plan | None:
        """The same with code of the layer's own: for blocks that are known to be so many, at
        distances that are known."""
        height, width = self._found.height, self._found.width
        column, row = self._found.channels, width.output * self._found.channels
        inner, advance = width.output // 2, 2 * column
        if self.down:
            inner, advance = height.output // 2 if len(self.strips) == 1 else 1, 2 * row
        fitting = (
            many
            for many in (3, 2, 1)
            if inner % many == 0 and max((many - 1) * advance + row + column, many * advance) < 4096
        )
        known = next(fitting, 0)
        far = self.single and 16 * self.gap * width.output >= 1 << 16
        if self._strided or not known or far:
            return None
        return _Plan(self._found, self.gap, known)

    @property
    def scratch(self) -> int:
        """Bytes."""
        return 16 * self.columns * self.gap

    def follows(self, batches: int) -> bool:
        """Whether outputs never are ahead of the pixels that have been read."""
        height, width = self._found.height, self._found.width
        rows = 1 if self._strided else 2
        done = np.cumsum(self.strips)
        written = np.minimum(done * rows, height.output) * width.output
        read = np.clip(2 * (done + 1) - height.before, 0, height.input) * width.input
        last = height.output * width.output <= height.input * width.input
        return bool((written[:-1] <= read[:-1]).all()) and (last or batches == 1)

    @property
    def code(self) -> int:
        """Bytes of what computes blocks: its own, or that layers share."""
        own = 350 + 176 * self.known + 250 * self.single
        return own if self.known else 530 if self._strided else 440

    def cost(self, batches: int, *, packed: bool = False) -> Cost:
        """By what the kernel goes through, each at its price; without flash."""
        work = self._work(batches)
        if packed:
            work["unpacked"] = batches * self._found.channels
        twice = self._found.twice

        def price(kind: str, unit: int) -> float:
            more = _TWICE_MORE.get(kind, (0, 0)) if twice else (0, 0)
            return _PRICES[kind][unit] + more[unit]

        instructions, cycles = (
            round(sum(price(kind, unit) * count for kind, count in work.items()))
            for unit in range(2)
        )
        return Cost(instructions=instructions, cycles=cycles, flash=0, scratch=self.scratch)

    def _work(self, batches: int) -> dict[str, int]:
        """How often the kernel does what."""
        height, width = self._found.height, self._found.width
        groups, rest = divmod(self._found.channels, 4)
        pairs = sum(self.strips) + 1
        taken = min(width.input, self.columns - width.before)
        whole = (height.input + height.before) // 2 - (height.before + 1) // 2
        apart = self.single and not self.known
        runs = len(self.strips) + apart - (apart and self.strips[-1] == 1)
        units = sum(self.strips)
        if self._strided:
            inner = units
            blocks = {
                "four": width.output // 4 * units,
                "two": width.output % 4 // 2 * units,
                "one": width.output % 2 * units,
            }
        else:
            half = width.output // 2
            inner = half * (len(self.strips) + apart) if self.down else units
            blocks = {"block": half * units, "odd": width.output % 2 * units}
            if self.known:
                twos = units - self.single
                mine = half * twos
                near = not self.down and 2 * self._found.channels < 256
                blocks = {"own": mine, "odd": width.output % 2 * twos, "loop": mine // self.known}
                blocks["far"] = 0 if near else mine // self.known
                blocks["single"] = self.single
                blocks["single four"] = width.output // 4 * self.single
                blocks["single one"] = width.output % 4 * self.single
        each = {kind: count * self._found.channels for kind, count in blocks.items()}
        each["inner"] = inner * self._found.channels
        each["run"] = runs * (groups + (rest > 0))
        each["pixel"] = taken * pairs * groups
        each["row"] = pairs * groups
        each["rows"] = len(self.strips) * groups
        each["border"] = max(0, pairs - whole) * groups
        each["missing"] = taken * max(0, pairs - whole) * groups
        each["few"] = taken * pairs * rest
        each["again"] = (len(self.strips) - 1) * 4 * self.columns * (groups + (rest > 0))
        work = {kind: count * batches for kind, count in each.items()}
        work["start"] = 4 * (self.columns - taken) * self.gap
        work["call"] = 1
        return work
