"""What kernels with affine requantization (`tg_affine.h`) share."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.offers import Declined, Site
from tinygen.engines.aot.requantize import stairs
from tinygen.engines.aot.requantize.affine import Affine, affine
from tinygen.ir import Array, Constant, Interval, ParamValue
from tinygen.ops.fixed_point import Int64
from tinygen.ops.requantization import Requantization
from tinygen.ops.weighted import Weighted, constant_bias

_REACH = 1 << 20
"""Sums that are unpacked are below it, and not below minus it (`tg_packed.h`)."""


def codes_of(site: Site) -> Interval:
    """What the input's codes are in, with the zero point, which stands for what is outside."""
    source = site.io.input(0)
    zero_point = Interval.of(source.q.zero_point, source.q.zero_point)
    return site.facts.ranges[source.id].union(zero_point)


def unpackable(weights: Int64, low: Array, high: Array) -> bool:
    """Whether the sums over the last dimension of weights times codes from `low` to `high`, which
    are broadcast, can be unpacked."""
    ends = weights * low, weights * high
    least, most = np.minimum(*ends).sum(axis=-1), np.maximum(*ends).sum(axis=-1)
    return bool((least >= -_REACH).all() and (most < _REACH).all())


class Scale(NamedTuple):
    """A layer's requantization, for a kernel that adds up raw codes times weights."""

    params: dict[str, ParamValue]
    """Those of `struct tg_scale`."""
    bias: Array
    """int32 [channels]."""
    numbers: Array
    """The rest of `struct tg_channel`: int32 [channels, 3 or 5], or [1, 3 or 5] for all."""

    def constants(self, block: int = 1) -> dict[str, Constant]:
        """Those that a kernel reads, filled up with zeros to whole blocks of channels."""
        missing = -self.bias.size % block
        numbers = self.numbers
        if self.params["each"]:
            numbers = np.pad(numbers, ((0, missing), (0, 0)))
        return {
            "bias": Constant(np.pad(self.bias, (0, missing))),
            "numbers": Constant(numbers),
        }


def scale_of(site: Site, family: Family, totals: Int64) -> Scale | Declined:
    """`totals` [channels] are the sums of each channel's weights, of which facts are known."""
    io, op = site.io, site.node.op
    assert isinstance(op, Weighted)
    sums, scale, channels = (
        site.facts.accumulators[io.output.id],
        op.requantization(io),
        totals.size,
    )
    bias = constant_bias(io, channels)
    bias = bias - io.input(0).q.zero_point * totals
    if _one(scale):
        # One staircase for the range of all channels: one set of numbers.
        one = _affine(scale, sums.whole(), 1, family)
        if one is not None:
            return Scale(_params(one, each=0), one.biases(bias), one.numbers)
    found = _affine(scale, sums, channels, family)
    if found is None:
        return Declined("its requantization is no affine function of 32 bits")
    return Scale(_params(found, each=1), found.biases(bias), found.numbers)


def _one(scale: Requantization) -> bool:
    """Whether all channels have one factor."""
    return bool(
        (scale.multiplier == scale.multiplier[0]).all() and (scale.shift == scale.shift[0]).all()
    )


def _affine(scale: Requantization, sums: Interval, channels: int, family: Family) -> Affine | None:
    if channels == 1:
        scale = replace(scale, multiplier=scale.multiplier[:1], shift=scale.shift[:1])
    there = stairs(scale, sums, channels)
    return None if there is None else affine(there, family.wide)


def _params(found: Affine, each: int) -> dict[str, ParamValue]:
    return {
        "split": found.split,
        "shift": found.shift,
        "wide": int(found.wide),
        "falls": int(found.falls),
        "each": each,
    }
