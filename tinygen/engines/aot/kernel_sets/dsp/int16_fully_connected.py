"""FULLY_CONNECTED of int16 activations: four units at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.dsp.channels import padded, shared
from tinygen.engines.aot.kernel_sets.dsp.int16 import in_pairs
from tinygen.engines.aot.kernel_sets.int16 import ALL, RELU, Channels16, channels_16
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Array, Constant, Kernel, KernelCall

KERNEL = Kernel("dsp", "fully_connected_int16")
VARIANTS = ((KERNEL.name, ALL), (KERNEL.name, RELU))
"""Every way in which there is code for it."""

_UNITS = 4
"""At a time."""
_QUADS = 8
"""In a row of the kernel's code."""
_CODE = 960
"""Bytes, for all layers."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    io = site.io
    units, depth = io.input(1).shape
    found = channels_16(site, units)
    if isinstance(found, Declined):
        yield found
        return
    rows, quads = io.input(0).elements // depth, -(-depth // 4)
    data = _stream(found)
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={"rows": rows, "depth": depth, "units": units, "relu": int(found.relu)},
        constants={"weights": Constant(data)},
        scratch_bytes=8 * quads,
    )
    cost = _cost(rows, units, depth)
    cost += Cost(0, 0, data.nbytes + shared(site, _CODE), 8 * quads)
    yield Candidate((site.node,), (call,), cost, why=found.why)


def _stream(found: Channels16) -> Array:
    """For each four units what the kernel reads, in its order."""
    words = in_pairs(padded(padded(found.weights, 0, _UNITS), 1, 4))
    blocks = len(words) // 2
    parts = (
        padded(found.start, 0, _UNITS).reshape(blocks, -1),
        words.reshape(blocks, 2, -1).transpose(0, 2, 1).reshape(blocks, -1),
        padded(found.multiplier, 0, _UNITS).reshape(blocks, -1),
    )
    return np.concatenate(parts, axis=1).astype(np.int32).reshape(-1)


def _cost(rows: int, units: int, depth: int) -> Cost:
    """As the kernel's instructions are counted, by the Cortex-M4's timing."""
    quads, blocks = -(-depth // 4), -(-units // _UNITS)
    passes = -(-quads // _QUADS)
    block = (18 * quads + 3 * passes + 20, 24 * quads + 6 * passes + 40)
    copied = (11 * (depth // 8) + 5 * (2 * depth % 16), 17 * (depth // 8) + 8 * (2 * depth % 16))
    last = units % _UNITS
    row = (35 + copied[0] + (20 + 5 * last) * (last > 0), 55 + copied[1] + 50 * (last > 0))
    return Cost(
        instructions=40 + rows * (row[0] + blocks * block[0]),
        cycles=60 + rows * (row[1] + blocks * block[1]),
        flash=60,
    )
