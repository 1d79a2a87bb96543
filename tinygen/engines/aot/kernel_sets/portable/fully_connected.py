"""FULLY_CONNECTED by blocks of units: of bytes as they are, or expanded to words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.portable.costs import Params, estimated
from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.kernel_sets.portable.scales import scale_of
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, KernelCall, portable
from tinygen.ops.fully_connected import FullyConnected
from tinygen.ops.orders import in_rows

BLOCKED, EXPANDED = portable("fully_connected_blocked"), portable("fully_connected_expanded")

_BLOCKS: Mapping[str, tuple[int, int]] = {
    "armv6m": (1, 8),
    "thumb2": (4, 4),
    "rv32m": (4, 4),
    "xtensa": (2, 4),
}
"""Units that are computed together, and the products of each in a round, for each family."""


def blocked_fully_connected(site: Site, family: Family) -> Iterable[Candidate | Declined]:
    """The candidate for a family of cores, or why there is none."""
    op, io = site.node.op, site.io
    if not isinstance(op, FullyConnected):
        return
    if io.output.id not in site.facts.accumulators:
        yield Declined("blocked: nothing is known of its sums")
        return
    weights = io.constant(1)
    units, depth = weights.shape
    scale = scale_of(site, family, weights.astype(np.int64).sum(axis=1))
    if isinstance(scale, Declined):
        yield scale
        return
    block, unroll = _BLOCKS[family.name]
    padding = 0
    if family.expanded:
        padding = -depth % unroll
    else:
        unroll = next(u for u in (unroll, 3, 2, 1) if depth % u == 0)
    rows = io.input(0).elements // depth
    order = in_rows(rows, (depth, units), reads_first=family.expanded)
    call = KernelCall(
        kernel=portable(
            "fully_connected_expanded" if family.expanded else "fully_connected_blocked"
        ),
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "rows": rows,
            "depth": depth,
            "units": units,
            "block": block,
            "unroll": unroll,
            **({"padding": padding} if family.expanded else {}),
            **scale.params,
        },
        constants={
            "weights": Constant(_blocked(weights, padding, block, family.expanded)),
            **scale.constants(block),
        },
        scratch_bytes=4 * (depth + padding) if family.expanded else 0,
        overlaps=order.overlaps(io.output.nbytes),
    )
    price = _cost(call, _PRICES[family.name])
    yield Candidate((site.node,), (call,), price, why="blocks of units")


def _blocked(weights: Array, padding: int, block: int, unsigned: bool) -> Array:
    """uint8 [units / block][products][block] of w + 128, or of w as it is."""
    rows = weights.astype(np.int16) + (128 if unsigned else 0)
    rows = np.pad(rows, ((0, -weights.shape[0] % block), (0, padding)))
    blocks = rows.reshape(-1, block, rows.shape[1]).transpose(0, 2, 1)
    return np.ascontiguousarray(blocks.astype(np.uint8))


class _Price(NamedTuple):
    """Instructions for an expanded element, for each product of a block, for each unit."""

    expanded: float
    product: float
    unit: float
    code: int
    """Bytes."""


_PRICES: Mapping[str, _Price] = {
    "armv6m": _Price(6, 3.65, 40, code=250),
    "thumb2": _Price(0, 10.1, 13, code=400),
    "rv32m": _Price(0, 13.85, 18, code=450),
    "xtensa": _Price(8, 8.0, 30, code=350),
}
"""Fitted as `costs` says, for each family."""


def _cost(call: KernelCall, price: _Price) -> Cost:
    p: Params = call.params
    blocks = p["rows"] * -(-p["units"] // p["block"])
    products = p["depth"] + p.get("padding", 0)
    instructions = (
        price.expanded * p["rows"] * products
        + price.product * blocks * products
        + price.unit * p["rows"] * p["units"]
    )
    return estimated(call, instructions, price.code)
