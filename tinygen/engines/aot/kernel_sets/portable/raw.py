"""FULLY_CONNECTED whose packed weights meet codes as they are, not less their zero point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tinygen.engines.aot.offers import Site
from tinygen.ir import Constant, KernelCall
from tinygen.ops.fixed_point import wrap_int32
from tinygen.ops.weighted import constant_bias


def on_raw_codes(site: Site) -> KernelCall:
    """The call of the operator's own kernel, without what only that one has a use for: what the
    input's zero point adds to the sums is in the bias, modulo 2^32 as they are."""
    (own,) = site.node.op.lower(site.io)
    assert isinstance(own, KernelCall)
    left_out = ("last_units", "input_zero_point")
    weights = site.io.constant(1)
    offset = site.io.input(0).q.zero_point * weights.astype(np.int64).sum(axis=1)
    bias = wrap_int32(constant_bias(site.io, len(weights)) - offset).astype(np.int32)
    return replace(
        own,
        params={name: value for name, value in own.params.items() if name not in left_out},
        constants={**own.constants, "bias": Constant(bias)},
    )
