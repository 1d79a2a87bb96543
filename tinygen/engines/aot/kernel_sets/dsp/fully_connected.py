"""FULLY_CONNECTED: five units at a time on a row that is expanded once."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import (
    HALVES,
    Channels,
    as_halves,
    channels,
    int32,
    padded,
    shared,
)
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.engines.aot.requantize import Form
from tinygen.ir import Array, Constant, Kernel, KernelCall
from tinygen.ops.fixed_point import Int64

KERNEL = Kernel("dsp", "fully_connected")
ONCE, TWICE = "5 units, rounded once", "5 units, rounded twice"
VARIANTS = ((KERNEL.name, ONCE), (KERNEL.name, TWICE))
"""Every way in which there is code for it."""

_UNITS = 5
"""At a time."""
_QUADS = 11
"""In a row of the kernel's code."""


_CODE = 1200
"""Bytes, for all layers."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    found = channels(site, HALVES, forms=(Form.FLOOR, Form.TWICE))
    if isinstance(found, Declined):
        yield found
        return
    if found.fast.clamp is not None:
        yield Declined("an activation that int8 does not hold by itself")
        return
    weights = padded(padded(found.weights, 1, 4), 0, _UNITS)
    halves = as_halves(weights)
    if isinstance(halves, Declined):
        yield halves
        return
    io = site.io
    units, depth = found.weights.shape
    rows = io.input(0).elements // depth
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={"rows": rows, "depth": depth, "units": units, "twice": int(found.twice)},
        constants={"weights": Constant(_stream(found, weights, halves))},
        scratch_bytes=8 * halves.shape[1],
    )
    why = TWICE if found.twice else ONCE
    cost = _cost(rows, found, halves) + Cost(0, 0, shared(site, _CODE))
    yield Candidate((site.node,), (call,), cost, why=why)


def _stream(found: Channels, weights: Array, halves: Int64) -> Array:
    """For each five units what the kernel reads, in its order."""
    fast = found.fast
    start = padded(found.start, 0, _UNITS) - 127 * weights[:, 0::2].sum(axis=1)
    ends = padded(np.stack([fast.multiplier, fast.addend, fast.shift], axis=1), 0, _UNITS)
    blocks = len(weights) // _UNITS
    parts = (
        start.reshape(blocks, -1),
        halves.reshape(blocks, _UNITS, -1).transpose(0, 2, 1).reshape(blocks, -1),
        ends.reshape(blocks, -1),
    )
    return int32(np.concatenate(parts, axis=1)).astype(np.int32).reshape(-1)


def _cost(rows: int, found: Channels, halves: Int64) -> Cost:
    """As the kernel's instructions are counted, by the Cortex-M4's timing."""
    units, quads = halves.shape
    blocks, passes = units // _UNITS, -(-quads // _QUADS)
    ends = (7, 10) if found.twice else (5, 8)
    block = (17 * quads + 3 * passes + 5 * ends[0] + 7, 24 * quads + 6 * passes + 5 * ends[1] + 20)
    last = len(found.weights) % _UNITS != 0
    row = (9 * quads + 30 + 20 * last, 13 * quads + 60 + 60 * last)
    constants = 4 * (quads * units + 4 * units)
    return Cost(
        instructions=40 + rows * (row[0] + blocks * block[0]),
        cycles=60 + rows * (row[1] + blocks * block[1]),
        flash=60 + constants,
        scratch=8 * quads,
    )
