"""FULLY_CONNECTED and CONV_2D of weights in a Rice code (`tg_rice.h`): less flash, more cycles.

Weights that lie around zero take as many bits as they are frequent, without a table of codes: the
code of a number is a few zeros, as many as its upper bits say, and its lower k bits. Each row has
the k that makes it shortest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.portable.costs import Params, cost, estimated
from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.kernel_sets.portable.raw import on_raw_codes
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, KernelCall, portable
from tinygen.ops.conv_2d import Conv2D
from tinygen.ops.fixed_point import Int64
from tinygen.ops.fully_connected import FullyConnected

FULLY_CONNECTED, CONV_2D = portable("fully_connected_rice"), portable("conv_2d_rice")

_K_BITS, _MOST_ZEROS = 3, 24
"""As in the header."""
_WORTH = 0.9
"""Of the weights' bytes: many cycles are not given for less."""
_AT_A_TIME = 1 << 18
"""Weights that are encoded together: each takes some dozens of bytes then."""


def rice_weights(site: Site, family: Family) -> Iterable[Candidate | Declined]:
    """The candidate for a family of cores, or why there is none."""
    op, io = site.node.op, site.io
    if not isinstance(op, FullyConnected | Conv2D) or not io.input(1).constant:
        return
    weights = io.constant(1)
    if isinstance(op, Conv2D) and io.input(0).shape[3] != weights.shape[3]:
        yield Declined("Rice code: channels that are no groups")
        return
    coded = code_of(weights.reshape(weights.shape[0], -1))
    share = coded.nbytes / weights.nbytes
    if share > _WORTH:
        yield Declined(f"Rice code: {share:.0%} of its weights' bytes")
        return
    own = on_raw_codes(site) if isinstance(op, FullyConnected) else _own(site)
    call = _dense(own, coded) if isinstance(op, FullyConnected) else _windows(own, coded)
    why = f"weights in a Rice code, {share:.0%} of their bytes"
    yield Candidate((site.node,), (call,), _cost(call, site, family), why=why, slow=True)


def _own(site: Site) -> KernelCall:
    """The call of the operator's own kernel."""
    (call,) = site.node.op.lower(site.io)
    assert isinstance(call, KernelCall)
    return call


def _dense(own: KernelCall, coded: Coded) -> KernelCall:
    """FULLY_CONNECTED, weight by weight."""
    constants = {**own.constants, **coded.constants()}
    return replace(own, kernel=FULLY_CONNECTED, constants=constants)


def _windows(own: KernelCall, coded: Coded) -> KernelCall:
    """CONV_2D, whose image is gone through once for every four channels."""
    left_out = ("groups", "last_outputs")
    return replace(
        own,
        kernel=CONV_2D,
        params={name: value for name, value in own.params.items() if name not in left_out},
        constants={**own.constants, **coded.constants()},
        scratch_bytes=4 * coded.row,
        overlaps=(),
    )


class Coded(NamedTuple):
    """Rows of weights as a Rice code."""

    numbers: Array
    """uint8 [rows, weights]: of each weight its place in `values`."""
    values: Array
    """int8: the weights that there are, those that are frequent first."""
    k: Array
    """int64 [rows]."""
    bits: int
    """Of all rows."""

    @property
    def row(self) -> int:
        """Weights of a row."""
        return int(self.numbers.shape[1])

    @property
    def words(self) -> int:
        """Of 32 bits; two more are read than have bits in them."""
        return -(-self.bits // 32) + 2

    @property
    def nbytes(self) -> int:
        """With the values."""
        return 4 * self.words + self.values.size

    def constants(self) -> dict[str, Constant]:
        """Those that a kernel reads."""
        stream = np.zeros(4 * self.words, np.uint8)
        step = max(1, _AT_A_TIME // self.row)
        bits = [
            _bits(self.numbers[at : at + step], self.k[at : at + step])
            for at in range(0, len(self.k), step)
        ]
        packed = np.packbits(np.concatenate(bits))
        stream[: packed.size] = packed
        words = stream.view(">u4").astype(np.uint32).view(np.int32)
        return {"weights": Constant(words), "values": Constant(self.values)}


def code_of(rows: Array) -> Coded:
    """The code of int8 weights [rows, weights]."""
    counts = np.bincount(rows.reshape(-1).view(np.uint8), minlength=256)
    frequent = np.argsort(-counts, kind="stable").astype(np.uint8)
    places = np.empty(256, np.uint8)
    places[frequent] = np.arange(256, dtype=np.uint8)
    numbers = places[np.ascontiguousarray(rows).view(np.uint8)]
    k = np.arange(1 << _K_BITS)
    # A row's bits follow from how often it has each number.
    lengths = _lengths(np.arange(256)[None, :], k[:, None])
    bits = np.empty(len(rows), np.int64)
    best = np.empty(len(rows), np.int64)
    for at, row in enumerate(numbers):
        of_each = lengths @ np.bincount(row, minlength=256)
        best[at], bits[at] = of_each.argmin(), of_each.min()
    values = frequent[: int(np.count_nonzero(counts))].view(np.int8)
    return Coded(numbers, values, best, int(bits.sum()) + _K_BITS * len(rows))


def _lengths(numbers: Array, k: Array) -> Int64:
    """Bits of the numbers' codes; what is given is broadcast."""
    zeros = numbers >> k
    return np.where(zeros >= _MOST_ZEROS, 32, zeros + 1 + k)


def _bits(numbers: Array, k: Array) -> Array:
    """uint8 0 or 1: the code of rows of numbers, k before each."""
    wide = numbers.astype(np.int64)
    each = np.broadcast_to(k[:, None], wide.shape)
    lengths = _lengths(wide, each)
    codes = np.where(lengths == 32, wide, (1 << each) | (wide & ((1 << each) - 1)))
    lengths = np.concatenate([np.full((len(k), 1), _K_BITS), lengths], axis=1).reshape(-1)
    codes = np.concatenate([k[:, None], codes], axis=1).reshape(-1)
    ends = lengths.cumsum()
    bits = np.zeros(int(ends[-1]), np.uint8)
    for bit in range(8):
        bits[ends[(codes >> bit & 1).astype(bool)] - 1 - bit] = 1
    return bits


class _Price(NamedTuple):
    """Instructions of FULLY_CONNECTED for a product and for a unit. Of CONV_2D, beside its own
    kernel's, for a decoded weight, and for a pixel in each block of channels."""

    product: float
    unit: float
    decoded: float
    pixel: float
    dense_code: int
    """Bytes."""
    windows_code: int


_PRICES: Mapping[str, _Price] = {
    "armv6m": _Price(40, 90, 40, 10, dense_code=340, windows_code=900),
    "thumb2": _Price(25.7, 40, 25.7, 10, dense_code=340, windows_code=900),
    "rv32m": _Price(29, 30, 29, 80, dense_code=340, windows_code=1000),
    "xtensa": _Price(40, 60, 40, 10, dense_code=340, windows_code=900),
}
"""Fitted as `costs` says, for each family."""


def _cost(call: KernelCall, site: Site, family: Family) -> Cost:
    p: Params = call.params
    price = _PRICES[family.name]
    if call.kernel == FULLY_CONNECTED:
        outputs = p["rows"] * p["units"]
        instructions = outputs * (price.product * p["depth"] + price.unit)
        return estimated(call, instructions, price.dense_code)
    pixels = p["batches"] * p["output_height"] * p["output_width"]
    instructions = (
        cost(_own(site), site.graph.tensors, family).instructions
        + price.decoded * site.io.input(1).elements
        + price.pixel * pixels * -(-p["output_channels"] // 4)
    )
    return estimated(call, instructions, price.windows_code)
