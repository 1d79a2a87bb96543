"""What sets start from that multiply whole vectors: the products of weights and codes, whose sums
are less than an operator's own by what bias and zero point come to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.offers import Declined, Site
from tinygen.ir import Array, Interval
from tinygen.ops.fixed_point import Int64
from tinygen.ops.requantization import Requantization
from tinygen.ops.weighted import Weighted, constant_bias


@dataclass(frozen=True, eq=False)
class Products:
    """Of a node with weights."""

    weights: Int64
    """[channels, taps]."""
    requantization: Requantization
    sums: Interval
    """What the operator's exact sums can be, per channel."""
    start: Int64
    """[channels]: bias less the input's zero point times the weights; a sum of products is less
    than the operator's sum by it."""


def products(site: Site, weights: Array) -> Products | Declined:
    """Those of the site's node, whose weights are these [channels, taps] in the order in which a
    kernel takes them; or why they are not known."""
    op, io = site.node.op, site.io
    assert isinstance(op, Weighted)
    op.check(io)
    sums = site.facts.accumulators.get(io.output.id)
    if sums is None:
        return Declined("its weights or its bias are not constant")
    wide = weights.astype(np.int64)
    start = constant_bias(io, len(wide)) - io.input(0).q.zero_point * wide.sum(axis=1)
    return Products(wide, op.requantization(io), sums, start)
