"""DEPTHWISE_CONV_2D: windows of one channel against a vector of sixteen inputs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.kernel_sets.mve.channels import LANES, Channels, channels
from tinygen.engines.aot.kernel_sets.mve.conv_2d import ROUNDINGS
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall, Operands, Order, Overlap, ParamValue
from tinygen.ops.depthwise_conv_2d import DepthwiseConv2D
from tinygen.ops.orders import in_blocks, rows_kept
from tinygen.ops.spatial import Extent, Pair

KERNEL = Kernel("mve", "depthwise_conv_2d")
_TILES: tuple[Pair, ...] = ((2, 2), (1, 4), (4, 1), (1, 2), (2, 1), (1, 1))
"""Windows for one load, (below each other, beside each other), the best ones first."""
_PIECES = 4
"""What a window may be taken in: vectors of weights that are kept."""
_OFFSET = (1 << 16) - 1
"""Bytes from the first code of a vector to the last, from the first channel of one to the last."""
_STEP = 127
"""Bytes from one load to the next."""
_CODES = 8
"""In a vector that is stored."""
_FEW = 32
"""Channels at a time, where scratch is to be small."""


@dataclass(frozen=True)
class Tile:
    """What sixteen bytes hold, of columns that have `rows` inputs below each other."""

    height: Extent
    width: Extent
    lines: int
    """Output rows."""
    beside: int
    """Windows in a row of the output, for each load."""
    pieces: int
    """Loads for a window."""

    @property
    def rows(self) -> int:
        """Input rows below each other."""
        return (self.lines - 1) * self.height.stride + self.height.filter

    @property
    def at_once(self) -> int:
        """Windows for a load."""
        return self.lines * self.beside

    @property
    def piece(self) -> int:
        """Columns of the window for each load."""
        return LANES // self.rows

    @property
    def load_step(self) -> int:
        """Bytes from one load to the next."""
        return self.beside * self.width.stride * self.rows

    @property
    def round_width(self) -> int:
        """Output columns of eight codes."""
        return _CODES // self.lines

    @property
    def rounds(self) -> int:
        """For some output rows."""
        return -(-self.width.output // self.round_width)

    @property
    def half(self) -> bool:
        """Whether the last four codes of an output row are none."""
        last = self.width.output - (self.rounds - 1) * self.round_width
        return 2 * last <= self.round_width

    @property
    def columns(self) -> int:
        """Of a channel in scratch: what windows reach over, and what loads do."""
        loads = (self.rounds * _CODES - 4 * self.half) // self.at_once
        read = (loads - 1) * self.load_step + (self.pieces - 1) * self.piece * self.rows + LANES
        windows = (self.width.output - 1) * self.width.stride + self.width.filter
        return max(windows, -(-read // self.rows))

    @property
    def turns(self) -> bool:
        """Whether half of the rows stay for the next output rows, and the others take turns."""
        return self.rows == 4 and self.lines * self.height.stride == 2

    def codes(self) -> list[Pair]:
        """The (row, column) of each lane's code: those of the second four sums are even ones."""
        sums = []
        for i in range(_CODES):
            load, window = divmod(i, self.at_once)
            below, beside = divmod(window, self.beside)
            sums.append((below, load * self.beside + beside))
        return [sums[i // 2 + (0 if i % 2 else _CODES // 2)] for i in range(_CODES)]

    def mask(self, lines: int, columns: int) -> int:
        """Two bits for each lane whose code is in the first so many rows and columns."""
        inside = [row < lines and column < columns for row, column in self.codes()]
        return sum(3 << 2 * i for i, there in enumerate(inside) if there)

    def weights(self, taps: Array) -> Array:
        """[16 + ...]: those [channels, height, width] in the order of the lanes, and zeros."""
        count, height, width = taps.shape
        pieces = np.zeros((count, self.pieces, LANES), np.int8)
        for column in range(width):
            piece, at = divmod(column, self.piece)
            pieces[:, piece, at * self.rows : at * self.rows + height] = taps[:, :, column]
        return np.concatenate([np.zeros(LANES, np.int8), pieces.reshape(-1)])


def tile(height: Extent, width: Extent) -> Tile | None:
    """The best one for these windows."""
    for lines, beside in _TILES:
        found = Tile(height, width, lines, beside, 1)
        if ((beside - 1) * width.stride + width.filter) * found.rows <= LANES:
            return found
    if height.filter > LANES:
        return None
    one = Tile(height, width, 1, 1, 1)
    pieces = -(-width.filter // one.piece)
    return Tile(height, width, 1, 1, pieces) if pieces <= _PIECES else None


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, DepthwiseConv2D)
    image = io.input(0).shape
    weights = io.constant(1)[0]
    height, width = op.extents(image, io.input(1).shape)
    if (height.dilation, width.dilation) != (1, 1):
        yield Declined("windows whose inputs are not neighbours")
        return
    there = tile(height, width)
    if there is None:
        yield Declined(f"a window of {height.filter} rows and {width.filter} columns")
        return
    count = weights.shape[2]
    plane = there.columns * there.rows
    reach = ((there.lines - 1) * width.output + there.round_width) * count
    if max(reach, (_CODES - 1) * plane) > _OFFSET or there.load_step > _STEP:
        yield Declined("rows of more bytes than a vector's offsets reach over")
        return
    found = channels(site, weights.reshape(-1, count).T, apart=True)
    if isinstance(found, Declined):
        yield found
        return
    yield _candidate(site, found, there, image[3])
    same = (height.output, width.output, count) == (height.input, width.input, image[3])
    if there.turns and same and count > _FEW:
        yield _candidate(site, found, there, _FEW)


def _candidate(site: Site, found: Channels, there: Tile, at_a_time: int) -> Candidate:
    io = site.io
    image = io.input(0).shape
    height, width, count = there.height, there.width, found.count
    taps = found.weights.reshape(count, height.filter, width.filter)
    last = width.output - (there.rounds - 1) * there.round_width
    few = height.output % there.lines or there.lines
    before = [
        beside * width.stride * there.rows + below * height.stride
        for below in range(there.lines)
        for beside in range(there.beside)
    ] + [0, 0, 0]
    offsets = [(row * width.output + column) * count for row, column in there.codes()]
    low, high = found.scale.clamp
    params: dict[str, ParamValue] = {
        "batches": image[0],
        "input_height": height.input,
        "input_width": width.input,
        "input_channels": image[3],
        "at_a_time": at_a_time,
        "depth_multiplier": count // image[3],
        "output_height": height.output,
        "output_width": width.output,
        "pad_top": height.before,
        "pad_left": width.before,
        "input_zero_point": io.input(0).q.zero_point,
        "lines": there.lines,
        "rows": there.rows,
        "row_step": there.lines * height.stride,
        "turns": int(there.turns),
        "columns": there.columns,
        "at_once": there.at_once,
        "pieces": there.pieces,
        "piece": there.piece * there.rows,
        "load_step": there.load_step,
        "before1": before[1],
        "before2": before[2],
        "before3": before[3],
        "rounds": there.rounds,
        "half": int(there.half),
        "round_step": there.round_width * count,
        "mask": there.mask(there.lines, there.round_width),
        "mask_last": there.mask(there.lines, last),
        "mask_few": there.mask(few, there.round_width),
        "mask_few_last": there.mask(few, last),
        "twice": int(found.twice),
        "right": max(1, found.scale.right - 16),
        "output_zero_point": found.zero_point,
        "output_min": low,
        "output_max": high,
    }
    if at_a_time < image[3]:  # some channels of all pixels, and then others
        overlaps: tuple[Overlap, ...] = (Overlap(0, 0, io.output.nbytes, exact=True),)
    else:
        overlaps = _order(io, there).overlaps(io.output.nbytes)
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params=params,
        constants={
            "offsets": Constant(np.array(offsets, np.uint16).view(np.int16)),
            "weights": Constant(there.weights(taps)),
            "constants": Constant(found.alone().reshape(-1)),
        },
        scratch_bytes=there.columns * there.rows * at_a_time,
        overlaps=overlaps,
    )
    work = _work(found, there, image[3], at_a_time).times(image[0])
    flash = 900 + sum(constant.data.nbytes for constant in call.constants.values())
    cost = work.cost(flash, call.scratch_bytes)
    way = _way(there, found.twice) + SOME * (at_a_time < image[3])
    return Candidate((site.node,), (call,), cost, why=way)


def _order(io: Operands, there: Tile) -> Order:
    """Of all channels of some output rows at a time."""
    height, width, batches = there.height, there.width, io.input(0).shape[0]
    pixels = io.input(0).shape[3], io.output.shape[3]
    if there.turns:
        return rows_kept(height, width, pixels, batches=batches, rows=there.lines)
    block = there.lines, width.output
    return in_blocks(height, width, pixels, batches=batches, block=block, reads_first=True)


def _way(there: Tile, twice: bool) -> str:
    at_once = WINDOWS[there.at_once]
    way = IN_PIECES if there.pieces > 1 else IN_TURNS if there.turns else at_once
    return f"{way}, {ROUNDINGS[twice]}"


WINDOWS = {4: "four windows a load", 2: "two windows a load", 1: "one window a load"}
SOME = f", {_FEW} channels at a time"
IN_TURNS, IN_PIECES = "four windows a load, rows in turns", "one window in pieces"
VARIANTS = tuple(
    (KERNEL.name, f"{way}, {how}")
    for way in (*WINDOWS.values(), IN_TURNS, IN_PIECES)
    for how in (*ROUNDINGS, *(f"{how}{SOME}" for how in ROUNDINGS if way == IN_TURNS))
)
"""Every way in which there is code for it."""


def _work(found: Channels, there: Tile, inputs: int, at_a_time: int) -> Work:
    """Of one image."""
    lines = -(-there.height.output // there.lines)
    loads = _CODES // there.at_once
    four = Work(loads + _CODES + 4)
    if there.at_once == 1:
        four = Work(2 * _CODES * there.pieces + 4, _CODES)
    once = Work(14, 1) if found.twice else Work(6)
    whole = there.height.output % there.lines == 0
    rounds = four.and_(once, Work(1, 2 + (not whole))).times(there.rounds)
    if there.half:
        rounds = rounds.and_(four.times(-0.5), Work(-6 if found.twice else -3))
    vectors = max(there.at_once, there.pieces) + (0 if found.twice else 1)
    run = rounds.and_(Work(vectors + 2 * there.turns, 17)).times(found.count * lines)
    kept = 2 if there.turns else 0
    taken = lines * (there.rows - kept) * -(-inputs // 8)
    rows = Work(2, 3 + (inputs % 8 > 0)).times(there.width.input).and_(Work(3, 20)).times(taken)
    filled = Work(2, 3).times(there.columns * there.rows * inputs / LANES)
    return run.and_(rows, filled, Work(0, 60).times(lines * -(-inputs // at_a_time)))
