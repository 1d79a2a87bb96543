"""What kernels with affine requantization (`tg_affine.h`) share."""

from __future__ import annotations

from typing import NamedTuple

from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.offers import Declined, Site
from tinygen.engines.aot.requantize import stairs
from tinygen.engines.aot.requantize.affine import Affine, affine
from tinygen.ir import Array, ParamValue
from tinygen.ops.fixed_point import Int64
from tinygen.ops.weighted import Weighted, bias_or_zeros


class Scale(NamedTuple):
    """A layer's requantization, for a kernel that adds up raw codes times weights."""

    params: dict[str, ParamValue]
    """Those of `struct tg_scale`."""
    channels: Array
    """`struct tg_channel` of each: int32 [channels, 4 or 6]."""


def scale_of(site: Site, family: Family, totals: Int64) -> Scale | Declined:
    """`totals` [channels] are the sums of each channel's weights, of which facts are known."""
    io, op = site.io, site.node.op
    assert isinstance(op, Weighted)
    sums = site.facts.accumulators[io.output.id]
    there = stairs(op.requantization(io), sums, totals.size)
    found = None if there is None else affine(there, family.wide)
    if found is None:
        return Declined("its requantization is no affine function of 32 bits")
    bias = bias_or_zeros(io.constant(2) if io.optional(2) is not None else None, totals.size)
    return _scale(found, bias - io.input(0).q.zero_point * totals)


def _scale(found: Affine, bias: Int64) -> Scale:
    params: dict[str, ParamValue] = {
        "split": found.split,
        "shift": found.shift,
        "wide": int(found.wide),
        "falls": int(found.falls),
    }
    return Scale(params, found.channels(bias))
