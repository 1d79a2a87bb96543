"""FULLY_CONNECTED: each row is a run."""

from __future__ import annotations

from collections.abc import Iterable

from tinygen.engines.aot.kernel_sets.esp32s3.channels import (
    BEFORE,
    HELD,
    LANES,
    ROUNDINGS,
    channels,
    cost,
)
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Kernel, KernelCall

KERNEL = Kernel("esp32s3", "fully_connected")
VARIANTS = tuple((KERNEL.name, how) for how in ROUNDINGS)
"""Every way in which there is code for it."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    io = site.io
    if io.input(1).data is None:
        yield Declined("its weights are not constant")
        return
    weights = io.constant(1)
    depth = weights.shape[1]
    found = channels(site, weights)
    if isinstance(found, Declined):
        yield found
        return
    rows = io.input(0).elements // depth
    copied = found.steps > HELD
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={"rows": rows, "depth": depth, "units": found.count, **found.params()},
        constants={"weights": found.stream(), "constants": found.constants()},
        scratch_bytes=found.steps * LANES + BEFORE if copied else 1,
    )
    work = rows * (found.run() + (4 * found.steps + 3) * copied) + 20
    flash = found.code() + 60 + sum(one.data.nbytes for one in call.constants.values())
    yield Candidate((site.node,), (call,), cost(work, flash, call.scratch_bytes), why=found.way)
