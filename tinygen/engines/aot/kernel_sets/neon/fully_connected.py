"""FULLY_CONNECTED: four units of one row at a time, or rows as pixels of a convolution."""

from __future__ import annotations

from collections.abc import Iterable

from tinygen.engines.aot.kernel_sets.neon.channels import HALF, LANES, ROUNDINGS, channels, cost
from tinygen.engines.aot.kernel_sets.neon.conv_2d import block, convolution
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Kernel, KernelCall
from tinygen.ops.spatial import Extent

KERNEL = Kernel("neon", "fully_connected")
VARIANTS = tuple((KERNEL.name, f"a row, {how}") for how in ROUNDINGS)
"""Every way in which there is code for it."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """One kernel for one row, another for more."""
    io = site.io
    if io.input(1).data is None:
        yield Declined("its weights are not constant")
        return
    weights = io.constant(1)
    depth = weights.shape[1]
    found = channels(site, weights, beside=HALF)
    if isinstance(found, Declined):
        yield found
        return
    rows = io.input(0).elements // depth
    if rows > 1:
        one, along = Extent(1, 1, 1, 1, 1, 0), Extent(rows, rows, 1, 1, 1, 0)
        yield convolution(site, found, 1, depth, one, along)
        return
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={"depth": depth, "units": found.count, **found.params()},
        constants={"weights": found.in_fours()},
        scratch_bytes=-(-depth // LANES) * LANES if depth % HALF else 1,
    )
    flash = 400 + call.constants["weights"].data.nbytes
    price = cost(block(found, depth, 1) + 20, flash, call.scratch_bytes)
    yield Candidate((site.node,), (call,), price, why=f"a row, {found.way}")
