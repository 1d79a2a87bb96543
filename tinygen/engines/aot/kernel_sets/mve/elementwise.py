"""ADD, SUB and MUL, eight elements at a time, and functions of one code, sixteen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.mve.requantization import Roundings, Scale, scale_of
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import DType, Interval, Kernel, KernelCall, Operands, ParamValue, portable
from tinygen.ops.activation import INT8_MAX, INT8_MIN, quantized_range
from tinygen.ops.add import Add
from tinygen.ops.fixed_point import INT32_MAX, Int64, quantize_multiplier
from tinygen.ops.loops import Rows
from tinygen.ops.mul import Mul
from tinygen.ops.pairs import in_place, rows_of
from tinygen.ops.requantization import Requantization

ADD, MUL, LOOKUP = (Kernel("mve", name) for name in ("add", "mul", "lookup"))
_CODES = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
_SHIFTS = (20, 21, 19, 22, 18)
"""S, the likely one first."""
_TRIES = 2
"""Multipliers to each side that are tried."""


class Affine(NamedTuple):
    """code = sat8((a m0 + b m1 + k + 2^(S - 1)) >> S)"""

    m0: int
    m1: int
    k: int
    right: int

    def codes(self) -> Int64:
        """[256, 256]: of every pair of codes."""
        sums = self.m0 * _CODES[:, None] + self.m1 * _CODES[None, :] + self.k
        codes: Int64 = (sums + (1 << self.right >> 1)) >> self.right
        return codes.clip(INT8_MIN, INT8_MAX)


def tables(site: Site) -> Iterable[Candidate | Declined]:
    """For all that portable does with a table of 256 codes."""
    calls = site.node.op.lower(site.io)
    call = calls[0]
    if len(calls) != 1 or not isinstance(call, KernelCall) or call.kernel != portable("lookup"):
        yield Declined("it is no table")
        return
    work = Work(3, 1).times(-(-site.io.output.elements // 16)).and_(Work(0, 12))
    cost = work.cost(40 + 256)
    yield Candidate((site.node,), (replace(call, kernel=LOOKUP),), cost, why="16 codes")


def sums(site: Site) -> Iterable[Candidate | Declined]:
    """For ADD and SUB."""
    op, io = site.node.op, site.io
    assert isinstance(op, Add)
    op.check(io)
    if io.output.dtype is not DType.INT8:
        yield Declined("numbers without a scale")
        return
    rows = rows_of(io)
    if rows is None:
        yield from _or_table(site, "inputs that are broadcast within a row")
        return
    low, high = quantized_range(op.activation, io.output.q)
    found = affine(op, io)
    if found is None:
        yield Declined("no affine map is equal for all pairs of codes")
        return
    params: dict[str, ParamValue] = {
        **found._asdict(),
        "right": found.right - 16,
        "output_min": low,
        "output_max": high,
    }
    yield _candidate(site, ADD, rows, params, Work(13))


def products(site: Site) -> Iterable[Candidate | Declined]:
    """For MUL."""
    op, io = site.node.op, site.io
    assert isinstance(op, Mul)
    op.check(io)
    if io.output.dtype is not DType.INT8:
        yield Declined("numbers without a scale")
        return
    rows = rows_of(io)
    if rows is None:
        yield from _or_table(site, "inputs that are broadcast within a row")
        return
    a, b, target = io.input(0).q, io.input(1).q, io.output.q
    multiplier, shift = quantize_multiplier(a.scale * b.scale / target.scale)
    low, high = quantized_range(op.activation, target)
    factors = np.array([multiplier], np.int32), np.array([shift if multiplier else -1], np.int8)
    requantization = Requantization(*factors, target.zero_point, low, high)
    ends = np.multiply.outer(
        *(np.array([INT8_MIN, INT8_MAX], np.int64) - q.zero_point for q in (a, b))
    )
    interval = Interval.of(ends.min(), ends.max())
    scale = scale_of(requantization, interval, np.zeros(1, np.int64), apart=True)
    if scale is None:
        yield Declined("products that may wrap, or a shift to the left")
        return
    twice = scale.roundings is Roundings.TWICE
    params: dict[str, ParamValue] = {
        "zero_point0": a.zero_point,
        "zero_point1": b.zero_point,
        **of_eight(scale),
        "output_zero_point": target.zero_point,
        "output_min": low,
        "output_max": high,
    }
    yield _candidate(site, MUL, rows, params, Work(19 if twice else 13))


def of_eight(scale: Scale) -> dict[str, ParamValue]:
    """The one channel of a scale, as TG_MVE_EIGHT_CODES has it; where its code is constant, sums
    are multiplied by nothing."""
    twice = scale.roundings is Roundings.TWICE
    once = 0 if scale.constant[0] else 1 << int(scale.left[0])
    return {
        "twice": int(twice),
        "addend": int(scale.addend[0]),
        "multiplier": int(scale.multiplier[0]) >> (not twice),
        "factor": -int(scale.shift[0]) if twice else once,
        "right": max(1, scale.right - 16),
    }


def affine(op: Add, io: Operands) -> Affine | None:
    """The map that computes what the operator does, for every pair of codes; what its activation
    clamps is clamped afterwards."""
    wanted = op.quantized(io, _CODES[:, None], _CODES[None, :])
    # Where a code is the last one, more of the sum does not matter.
    low, high = quantized_range(op.activation, io.output.q)
    up, down = wanted > low, wanted < high
    if not up.any() or not down.any():
        return None
    for right in _SHIFTS:
        for m0, m1 in _multipliers(op, io, right):
            terms = m0 * _CODES[:, None] + m1 * _CODES[None, :] + (1 << right >> 1)
            least = int(((wanted << right) - terms)[up].max())
            most = int((((wanted + 1) << right) - 1 - terms)[down].min())
            k = (least + most) // 2
            if least <= most and int(np.abs(terms).max()) + abs(k) + (1 << right) <= INT32_MAX:
                found = Affine(m0, m1, k, right)
                return found if (found.codes().clip(low, high) == wanted).all() else None
    return None


def _multipliers(op: Add, io: Operands, right: int) -> Iterator[tuple[int, int]]:
    """What to try, nearest first."""
    scales = io.input(0).q.scale, op.sign * io.input(1).q.scale
    exact = [scale / io.output.q.scale * 2.0**right for scale in scales]
    if max(map(abs, exact)) * 256 > INT32_MAX:
        return
    steps = range(-_TRIES, _TRIES + 1)
    pairs = ((i, j) for i in steps for j in steps)
    for d0, d1 in sorted(pairs, key=lambda pair: pair[0] ** 2 + pair[1] ** 2):
        yield round(exact[0]) + d0, round(exact[1]) + d1


def _or_table(site: Site, why: str) -> Iterator[Candidate | Declined]:
    """A constant scalar leaves a function of one code."""
    for answer in tables(site):
        yield Declined(why) if isinstance(answer, Declined) else answer


def _candidate(
    site: Site, kernel: Kernel, rows: Rows, params: dict[str, ParamValue], loop: Work
) -> Candidate:
    io = site.io
    call = KernelCall(
        kernel=kernel,
        inputs=(io.input(0).id, io.input(1).id),
        outputs=(io.output.id,),
        params={**rows.params(), **params},
        overlaps=in_place(io),
    )
    clamped = sum(params[f"output_{end}"] != at for end, at in (("min", -128), ("max", 127)))
    whole = Work(clamped, 1) if rows.length % 8 == 0 else Work(clamped + 3, 2)
    row = loop.and_(whole).times(-(-rows.length // 8)).and_(Work(3, 8))
    work = row.times(rows.count).and_(Work(0, 12))
    return Candidate((site.node,), (call,), work.cost(140), why="8 elements")
