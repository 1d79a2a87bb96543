"""FULLY_CONNECTED of weights that four bits hold, or tell apart, in half of the flash
(`tg_fully_connected_int4.h`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from tinygen.engines.aot.kernel_sets.portable.costs import Params, estimated
from tinygen.engines.aot.kernel_sets.portable.families import Family
from tinygen.engines.aot.kernel_sets.portable.raw import on_raw_codes
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, KernelCall, portable
from tinygen.ops.fully_connected import FullyConnected

KERNEL = portable("fully_connected_int4")

_VALUES = 16
"""Of weights that a table holds: what a clustered layer has left."""


def int4_fully_connected(site: Site, family: Family) -> Iterable[Candidate | Declined]:
    """The candidate for a family of cores, or why there is none: whatever type the file has."""
    if not isinstance(site.node.op, FullyConnected) or not site.io.input(1).constant:
        return
    weights = site.io.constant(1)
    values = np.zeros(1, np.int8)
    table = int(weights.min() < -8 or weights.max() > 7)
    if table:
        values = np.unique(weights)
        if values.size > _VALUES:
            yield Declined(f"int4: its weights have {values.size} values")
            return
        weights = np.searchsorted(values, weights).astype(np.int8)
    price = _PRICES[family.name]
    block = price.table_block if table else price.block
    own = on_raw_codes(site)
    constants = {"weights": Constant(_packed(weights, block)), "values": Constant(values)}
    call = replace(
        own,
        kernel=KERNEL,
        params={**own.params, "block": block, "table": table},
        constants={**own.constants, **constants},
    )
    why = "two weights in a byte" + ", by a table" * table
    yield Candidate((site.node,), (call,), _cost(call, price), why=why)


def _packed(weights: Array, block: int) -> Array:
    """int32 [units / block][depth / 8][block]: eight weights each, the first one lowest."""
    rows = np.pad(weights, ((0, -weights.shape[0] % block), (0, -weights.shape[1] % 8)))
    digits = (rows.reshape(len(rows), -1, 8) & 15).astype(np.uint32)
    words = (digits << (4 * np.arange(8, dtype=np.uint32))).sum(axis=2, dtype=np.uint32)
    blocks = words.reshape(-1, block, words.shape[1]).transpose(0, 2, 1)
    return np.ascontiguousarray(blocks).view(np.int32)


class _Price(NamedTuple):
    """Units that are computed together, and with a table. Instructions for a product of a unit,
    for one with a table, and for a unit."""

    block: int
    table_block: int
    product: float
    table_product: float
    unit: float
    code: int
    """Bytes."""


_PRICES: Mapping[str, _Price] = {
    "armv6m": _Price(1, 1, 6.38, 9.26, 82, code=300),
    "thumb2": _Price(4, 2, 2.474, 3.9, 22, code=500),
    "rv32m": _Price(4, 2, 5.7, 6.73, 25, code=600),
    "xtensa": _Price(2, 1, 7.5, 12.3, 40, code=500),
}
"""Fitted as `costs` says, for each family."""


def _cost(call: KernelCall, price: _Price) -> Cost:
    p: Params = call.params
    outputs = p["rows"] * -(-p["units"] // p["block"]) * p["block"]
    product = price.table_product if p["table"] else price.product
    return estimated(call, outputs * (product * p["depth"] + price.unit), price.code)
