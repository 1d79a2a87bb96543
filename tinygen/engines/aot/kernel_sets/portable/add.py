"""ADD and SUB as one affine map of both codes (`tg_add_affine.h`), verified for all pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.portable.costs import estimated
from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import DType, KernelCall, Operands, Overlap, portable
from tinygen.ops.activation import INT8_MAX, INT8_MIN, quantized_range
from tinygen.ops.add import Add
from tinygen.ops.fixed_point import INT32_MAX

_CODES = np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
_MOST_SHIFT = 23
"""With a code's 8 bits these are 31."""
_LEAST_SHIFT = 14
_TRIES = 2
"""Factors to each side of the nearest that are tried."""


class _Map(NamedTuple):
    """code = (factor0 a + factor1 b + offset) >> shift, clamped."""

    factor0: int
    factor1: int
    offset: int
    shift: int


def affine_add(site: Site, family: Family) -> Iterable[Candidate | Declined]:
    """The candidate for a family of cores, or why there is none."""
    op, io = site.node.op, site.io
    if not isinstance(op, Add) or io.output.dtype is not DType.INT8:
        return
    a, b, target = io.input(0), io.input(1), io.output
    if a.elements != target.elements or b.elements != target.elements:
        yield Declined("affine: for inputs that are not broadcast")
        return
    found = _map(op, io)
    if found is None:
        yield Declined("affine: no map is equal for all pairs of codes")
        return
    low, high = quantized_range(op.activation, target.q)
    call = KernelCall(
        kernel=portable("add_affine"),
        inputs=(a.id, b.id),
        outputs=(target.id,),
        params={"count": target.elements, **found._asdict(), "minimum": low, "maximum": high},
        overlaps=tuple(
            Overlap(i, 0, target.nbytes) for i, source in enumerate((a, b)) if not source.constant
        ),
        outer=frozenset({"factor0", "factor1", "offset"}),
    )
    cost = estimated(call, 20 + _ELEMENT[family.name] * target.elements, 100)
    yield Candidate((site.node,), (call,), cost, why="one affine map")


_ELEMENT: Mapping[str, float] = {"armv6m": 17.3, "thumb2": 12.8, "rv32m": 14, "xtensa": 19.3}
"""Instructions, fitted as `costs` says, for each family."""


def _map(op: Add, io: Operands) -> _Map | None:
    """What computes, for every pair of codes, what the operator does."""
    low, high = quantized_range(op.activation, io.output.q)
    wanted = op.quantized(io, _CODES[:, None], _CODES[None, :])
    # Where a code is the last one, more of the sum does not matter.
    up, down = wanted > low, wanted < high
    if not up.any() or not down.any():
        return None
    for shift, factor0, factor1 in _factors(op, io):
        terms = factor0 * _CODES[:, None] + factor1 * _CODES[None, :]
        least = int(((wanted << shift) - terms)[up].max())
        most = int((((wanted + 1) << shift) - 1 - terms)[down].min())
        offset = (least + most) // 2
        if least <= most and int(np.abs(terms).max()) + abs(offset) <= INT32_MAX:
            codes = np.clip((terms + offset) >> shift, low, high)
            return _Map(factor0, factor1, offset, shift) if (codes == wanted).all() else None
    return None


def _factors(op: Add, io: Operands) -> Iterator[tuple[int, int, int]]:
    """Shifts and factors to try: the finest shift for which sums are an int32, nearest first."""
    scales = io.input(0).q.scale, op.sign * io.input(1).q.scale
    ratios = [scale / io.output.q.scale for scale in scales]
    reach = 128 * sum(map(abs, ratios)) + 256
    shift = min(_MOST_SHIFT, int(np.floor(31 - np.log2(reach))))
    if shift < _LEAST_SHIFT:
        return
    steps = range(-_TRIES, _TRIES + 1)
    for d0, d1 in sorted(
        ((i, j) for i in steps for j in steps), key=lambda d: d[0] ** 2 + d[1] ** 2
    ):
        yield shift, round(ratios[0] * (1 << shift)) + d0, round(ratios[1] * (1 << shift)) + d1
