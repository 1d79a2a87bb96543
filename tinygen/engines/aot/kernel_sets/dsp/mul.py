"""MUL as one affine map of the product, verified for all pairs of codes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.lookup import tables
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, DType, Kernel, KernelCall, Operands
from tinygen.ops.activation import INT8_MAX, INT8_MIN, quantized_range
from tinygen.ops.fixed_point import INT32_MAX, Int64
from tinygen.ops.loops import Rows
from tinygen.ops.mul import Mul
from tinygen.ops.pairs import in_place, rows_of

KERNEL = Kernel("dsp", "mul")
AFFINE = "one affine map, four elements at a time"
FALLS = "two affine maps, four elements at a time"
VARIANTS = ((KERNEL.name, AFFINE), (KERNEL.name, FALLS))
"""Every way in which there is code for it."""

_CODES = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
_MOST_SHIFT = 22
"""With 8 bits of code and a sign these are 31."""
_SHIFTS = 3
"""How many are tried, from the finest on."""
_TRIES = 2
"""Multipliers to each side that are tried."""


class Affine(NamedTuple):
    """x = (a - z0) m (b - z1) >> 16, code = (x + k) >> shift, less 128 and held within int8; k is
    less by `fall` where x is below zero."""

    m: int
    k: int
    fall: int
    shift: int

    def codes(self, terms: Int64) -> Int64:
        """Of every x, and 128."""
        k = np.where(terms < 0, self.k - self.fall, self.k)
        codes: Int64 = np.clip(terms + k >> self.shift, 0, 255)
        return codes


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Mul)
    op.check(io)
    if io.output.dtype is not DType.INT8:
        yield Declined("numbers without a scale")
        return
    rows = rows_of(io)
    if rows is None:
        yield from tables(site, "inputs that are broadcast within a row")
        return
    if quantized_range(op.activation, io.output.q) != (INT8_MIN, INT8_MAX):
        yield Declined("an activation that int8 does not hold by itself")
        return
    found = affine(op, io)
    if found is None:
        yield Declined("no affine map is equal for all pairs of codes")
        return
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id, io.input(1).id),
        outputs=(io.output.id,),
        params={
            **rows.params(),
            "zero_point0": io.input(0).q.zero_point,
            "zero_point1": io.input(1).q.zero_point,
            **found._asdict(),
            "falls": int(found.fall != 0),
        },
        overlaps=in_place(io),
    )
    yield Candidate((site.node,), (call,), _cost(rows, found), why=FALLS if found.fall else AFFINE)


def affine(op: Mul, io: Operands) -> Affine | None:
    """The map that computes what the operator does, for every pair of codes."""
    wanted = op.quantized(io, _CODES[:, None], _CODES[None, :]) - INT8_MIN
    a, b = (_CODES - io.input(i).q.zero_point for i in range(2))
    for m, shift in _multipliers(io, int(np.abs(a).max())):
        terms = (m * a)[:, None] * b[None, :] >> 16
        # What may be added to an x below zero, and to any other.
        below, above = (_addends(terms, wanted, shift, part) for part in (terms < 0, terms >= 0))
        if min(below[1] - below[0], above[1] - above[0]) < 0:
            continue
        least, most = max(below[0], above[0]), min(below[1], above[1])
        k = (least + most if least <= most else sum(above)) // 2
        fall = 0 if least <= most else k - sum(below) // 2
        found = Affine(m, k, fall, shift)
        if int(np.abs(terms).max()) + abs(k) + abs(fall) <= INT32_MAX:
            return found if (found.codes(terms) == wanted).all() else None
    return None


def _addends(terms: Int64, wanted: Int64, shift: int, part: Array) -> tuple[int, int]:
    """The least and the most that gives this part of all terms its codes. Where a code is the last
    one, more of the product does not matter."""
    up, down = part & (wanted > 0), part & (wanted < 255)
    least = ((wanted << shift) - terms)[up].max(initial=-INT32_MAX)
    most = (((wanted + 1) << shift) - 1 - terms)[down].min(initial=INT32_MAX)
    return int(least), int(most)


def _multipliers(io: Operands, greatest: int) -> Iterator[tuple[int, int]]:
    """What to try, and the shifts; products with up to `greatest` are within int32."""
    real = io.input(0).q.scale * io.input(1).q.scale / io.output.q.scale
    finest = math.floor(math.log2(INT32_MAX / greatest / real)) - 16
    for shift in range(min(finest, _MOST_SHIFT), 0, -1)[:_SHIFTS]:
        nearest = round(real * 2.0 ** (16 + shift))
        for d in sorted(range(-_TRIES, _TRIES + 1), key=abs):
            if 0 < nearest + d <= INT32_MAX // greatest:
                yield nearest + d, shift


def _cost(rows: Rows, found: Affine) -> Cost:
    """As the kernel's instructions are counted, by the Cortex-M4's timing."""
    fours, rest = divmod(rows.length, 4)
    more = 12 * (found.fall != 0)
    return Cost(
        instructions=24 + rows.count * (8 + (27 + more) * fours + 14 * rest),
        cycles=40 + rows.count * (10 + (30 + more) * fours + 18 * rest),
        flash=150 + 60 * (rest > 0),
    )
