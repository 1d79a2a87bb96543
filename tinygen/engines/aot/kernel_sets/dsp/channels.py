"""What the set's kernels with weights share: weights as they lie in flash, sums, requantization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tinygen.engines.aot.offers import Declined, Site
from tinygen.engines.aot.requantize import Fast, Form, fastest, stairs
from tinygen.ir import Array
from tinygen.ops.fixed_point import Int64
from tinygen.ops.weighted import Weighted, constant_bias

HALVES = 256
"""What a register holds of a sum of products with weights that are two to a halfword."""

SHIFTS = (12, 11, 10, 13, 9, 14, 8)
"""Common shifts that are tried first, so that layers can share a function."""


@dataclass(frozen=True, eq=False)
class Channels:
    """The output channels of a layer with weights, [channels, ...]."""

    weights: Int64
    """[channels, ...] as the operator has them; zeros where a channel's code is constant."""
    start: Int64
    """What a register starts with: the factor times bias and zero point, and the tweak."""
    fast: Fast

    @property
    def twice(self) -> bool:
        """Whether both of the specification's roundings are done."""
        return self.fast.form is Form.TWICE


def channels(
    site: Site, factor: int, *, forms: Sequence[Form] = tuple(Form), shifts: Sequence[int] = SHIFTS
) -> Channels | Declined:
    """The channels of the site's node, whose weights are [channels, ...], for registers that hold
    `factor` times a sum; or why there is no fast requantization for them."""
    op, io = site.node.op, site.io
    assert isinstance(op, Weighted)
    op.check(io)
    sums = site.facts.accumulators.get(io.output.id)
    if sums is None or io.input(1).data is None:
        return Declined("its weights or its bias are not constant")
    weights = io.constant(1).astype(np.int64)
    count = weights.shape[0]
    there = stairs(op.requantization(io), sums, count)
    if there is None:
        return Declined("sums that may wrap")
    fast = fastest(there, factor, forms=forms, shifts=shifts)
    if fast is None:
        return Declined(f"{factor} times a sum has more than 32 bits, or no fast requantization")
    bias = constant_bias(io, count)
    alive = fast.multiplier != 0
    weights = np.where(alive.reshape(-1, *(1,) * (weights.ndim - 1)), weights, 0)
    products = weights.reshape(count, -1).sum(axis=1) * io.input(0).q.zero_point
    start = np.where(alive, factor * (bias - products) + fast.tweak, 0)
    return Channels(weights, start, fast)


def shared(site: Site, code: int) -> int:
    """Bytes of a function that layers of any shape share, as one of them bears it: about as many do
    as the graph has nodes of its kind."""
    kind = site.node.op.kind
    return -(-code // sum(node.op.kind == kind for node in site.graph.nodes))


def as_halves(weights: Array) -> Int64 | Declined:
    """int8 weights [..., a multiple of 4] as int32 words [..., quads] of the halfwords
    256 w1 + w0: bytes as they are, but for what w0 borrows."""
    halves = 256 * weights[..., 1::2].astype(np.int64) + weights[..., 0::2]
    if (halves < -(1 << 15)).any():
        return Declined("a weight of -128 behind a negative one does not fit into a halfword")
    return words(halves)


def words(halves: Int64) -> Int64:
    """Pairs of int16 [..., even] as int32 [...], the first in the lower half."""
    pairs = halves.astype(np.int64) & 0xFFFF
    return int32(pairs[..., 0::2] | pairs[..., 1::2] << 16)


def int32(values: Array) -> Int64:
    """The low 32 bits as a signed number."""
    return values.astype(np.int64).astype(np.uint32).astype(np.int32).astype(np.int64)


def padded(values: Array, axis: int, multiple: int) -> Array:
    """With zeros behind, up to a multiple."""
    missing = -values.shape[axis] % multiple
    pads = [(0, missing if a == axis else 0) for a in range(values.ndim)]
    return np.pad(values, pads)
