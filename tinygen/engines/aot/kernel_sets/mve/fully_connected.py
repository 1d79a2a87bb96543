"""FULLY_CONNECTED: eight units of one row at a time, or rows as pixels of a convolution."""

from __future__ import annotations

from collections.abc import Iterable

from tinygen.engines.aot.kernel_sets.mve.channels import LANES, Channels, channels
from tinygen.engines.aot.kernel_sets.mve.conv_2d import LONGEST, ROUNDINGS, convolutions
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Kernel, KernelCall
from tinygen.ops.spatial import Extent

KERNEL = Kernel("mve", "fully_connected")
VARIANTS = tuple((KERNEL.name, f"8 units, {how}") for how in ROUNDINGS)
"""Every way in which there is code for it."""
BLOCK = (1, 3, 5, 7, 0, 2, 4, 6)


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """One kernel for one row, another for more."""
    io = site.io
    if io.input(1).data is None:
        yield Declined("its weights are not constant")
        return
    weights = io.constant(1)
    depth = weights.shape[1]
    if depth > LONGEST:
        yield Declined(f"rows of more than {LONGEST} bytes")
        return
    found = channels(site, weights)
    if isinstance(found, Declined):
        yield found
        return
    rows = io.input(0).elements // depth
    if rows > 1:
        one, along = Extent(1, 1, 1, 1, 1, 0), Extent(rows, rows, 1, 1, 1, 0)
        yield from convolutions(site, found, 1, depth, one, along)
        return
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={"depth": depth, "units": found.count, **found.params()},
        constants={"weights": found.in_blocks(BLOCK)},
        scratch_bytes=-(-depth // LANES) * LANES if depth % LANES else 1,
    )
    steps = -(-depth // LANES)
    flash = _code(steps) + call.constants["weights"].data.nbytes
    cost = _work(found, steps).cost(flash, call.scratch_bytes)
    yield Candidate((site.node,), (call,), cost, why=f"8 units, {ROUNDINGS[found.twice]}")


def _work(found: Channels, steps: int) -> Work:
    rounds = (steps - 1) // 2
    block = Work(17 * steps + 4 + 4 + 2 * found.twice, 4 + 2 * rounds)
    store = Work(1) if found.count % 8 == 0 else Work(3)
    blocks = -(-found.count // len(BLOCK))
    return block.and_(found.requantized(2), store).times(blocks).and_(Work(0, 30))


def _code(steps: int) -> int:
    """Bytes."""
    return 220 + 132 * (1 + (steps % 2 == 0) + 2 * (steps > 2))
