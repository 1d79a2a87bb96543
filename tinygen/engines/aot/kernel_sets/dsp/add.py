"""ADD and SUB as one affine map of both codes, verified for all pairs of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.lookup import tables
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import DType, Kernel, KernelCall, Operands
from tinygen.ops.activation import INT8_MAX, INT8_MIN, quantized_range
from tinygen.ops.add import Add
from tinygen.ops.fixed_point import INT32_MAX, Int64
from tinygen.ops.loops import Rows
from tinygen.ops.pairs import in_place, rows_of

KERNEL = Kernel("dsp", "add")
AFFINE = "one affine map, eight elements at a time"
VARIANTS = ((KERNEL.name, AFFINE),)
"""Every way in which there is code for it."""

_CODES = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
_TRIES = 2
"""Multipliers to each side that are tried, in steps of `_STEP` of themselves."""
_STEP = 2.0**-21


class Affine(NamedTuple):
    """code = ((m0 * 256 a >> 16) + (m1 * 256 b >> 16) + k) >> 16, less 128 and held within int8."""

    m0: int
    m1: int
    k: int

    def codes(self) -> Int64:
        """[256, 256]: of every pair of codes."""
        sums = _terms(self.m0)[:, None] + _terms(self.m1)[None, :] + self.k
        codes: Int64 = np.clip(sums >> 16, 0, 255) + INT8_MIN
        return codes


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Add)
    op.check(io)
    if io.output.dtype is not DType.INT8:
        yield Declined("numbers without a scale")
        return
    rows = rows_of(io)
    if rows is None:
        yield from tables(site, "inputs that are broadcast within a row")
        return
    target = io.output
    if quantized_range(op.activation, target.q) != (INT8_MIN, INT8_MAX):
        yield Declined("an activation that int8 does not hold by itself")
        return
    found = affine(op, io)
    if found is None:
        yield Declined("no affine map is equal for all pairs of codes")
        return
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id, io.input(1).id),
        outputs=(target.id,),
        params={**rows.params(), **found._asdict()},
        overlaps=in_place(io),
    )
    yield Candidate((site.node,), (call,), _cost(rows), why=AFFINE)


def affine(op: Add, io: Operands) -> Affine | None:
    """The map that computes what the operator does, for every pair of codes."""
    wanted = op.quantized(io, _CODES[:, None], _CODES[None, :]) - INT8_MIN
    # Where a code is the last one, more of the sum does not matter.
    up, down = wanted > 0, wanted < 255
    if not up.any() or not down.any():
        return None
    for m0, m1 in _multipliers(op, io):
        terms = _terms(m0)[:, None] + _terms(m1)[None, :]
        least = int(((wanted << 16) - terms)[up].max())
        most = int((((wanted + 1) << 16) - 1 - terms)[down].min())
        k = (least + most) // 2
        if least <= most and int(np.abs(terms).max()) + abs(k) <= INT32_MAX:
            found = Affine(m0, m1, k)
            return found if (found.codes() == wanted + INT8_MIN).all() else None
    return None


def _multipliers(op: Add, io: Operands) -> Iterator[tuple[int, int]]:
    """What to try, nearest first."""
    scales = io.input(0).q.scale, op.sign * io.input(1).q.scale
    exact = [scale / io.output.q.scale * 2.0**24 for scale in scales]
    if max(map(abs, exact)) * (1 + _TRIES * _STEP) > INT32_MAX:
        return
    steps = range(-_TRIES, _TRIES + 1)
    pairs = ((i, j) for i in steps for j in steps)
    for d0, d1 in sorted(pairs, key=lambda pair: pair[0] ** 2 + pair[1] ** 2):
        yield round(exact[0] * (1 + d0 * _STEP)), round(exact[1] * (1 + d1 * _STEP))


def _terms(m: int) -> Int64:
    """SMLAWB of the multiplier and every code in the upper byte of a halfword."""
    return (m * 256 * _CODES) >> 16


def _cost(rows: Rows) -> Cost:
    """As the kernel's instructions are counted, by the Cortex-M4's timing."""
    eights, rest = divmod(rows.length, 8)
    copied = (43 + 44, 64 + 48) if rest else (0, 0)
    more = rows.count > 1
    return Cost(
        instructions=17 * (not more) + rows.count * (22 * more + 44 * eights + copied[0]),
        cycles=45 * (not more) + rows.count * (42 * more + 48 * eights + copied[1]),
        flash=330,
    )
