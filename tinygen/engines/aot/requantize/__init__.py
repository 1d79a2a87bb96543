"""Requantization in few instructions, proved equal to the specification for every sum there can be.

The specification rounds twice (`ops.fixed_point`). What it makes of a sum is a staircase: a code
rises by one at each of at most 255 thresholds. Each form below is a staircase too, of a register
that holds `factor * sum + tweak`, so that both are equal for every sum of a range if they are equal
on both sides of each threshold, and at the range's ends. Nothing is enumerated and nothing assumed:
the range is that which `analysis` proves for each channel.

    FLOOR  SSAT8(SMMLAR(x, m, k) ASR S)                        m, k and the tweak are searched
    SIGN   SSAT8(SMMLAR(x, m, k + (x ASR 31 << t)) ASR S)      the same; t is 0 where that will do
    TWICE  SSAT8(SMMLAR(x ASR p, m, k + (x ASR 31)) ASR S)     known at once

SMMLAR(x, m, k) is floor((x * m + 2^31) / 2^32) + k. One floor of an affine function is the
specification but for halves of the second rounding below zero, which goes away from zero; where a
ReLU clamps all that is below zero, FLOOR has always been found. TWICE does what the specification
does: m and S are its multiplier and its shift to the right, SMMLAR of the doubled sum is the first
rounding, and the sign takes one half down.

All arithmetic is int64 and cannot overflow: |x| and m are below 2^31, codes have 8 bits, S is at
most 23.
"""

from __future__ import annotations

from tinygen.engines.aot.requantize.forms import Fast, Form, agrees
from tinygen.engines.aot.requantize.search import fastest
from tinygen.engines.aot.requantize.stairs import Stairs, exact, stairs
from tinygen.engines.aot.requantize.tweaks import multipliers_and_tweaks

__all__ = [
    "Fast",
    "Form",
    "Stairs",
    "agrees",
    "exact",
    "fastest",
    "multipliers_and_tweaks",
    "stairs",
]
