"""MEAN over the pixels of images, sixteen or eight channels at a time."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from tinygen.engines.aot.kernel_sets.mve.channels import LANES
from tinygen.engines.aot.kernel_sets.mve.conv_2d import ROUNDINGS
from tinygen.engines.aot.kernel_sets.mve.elementwise import of_eight
from tinygen.engines.aot.kernel_sets.mve.requantization import Roundings, scale_of
from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Kernel, KernelCall
from tinygen.ops.mean import Mean

KERNEL = Kernel("mve", "mean")
VARIANTS = tuple((KERNEL.name, how) for how in ROUNDINGS)
"""Every way in which there is code for it."""
_SUM = 256
"""Codes whose sum is an int16."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Mean)
    op.check(io)
    images = op.images(io)
    sums = site.facts.accumulators.get(io.output.id)
    if images is None or sums is None:
        yield Declined("it is not over the pixels of images")
        return
    start = np.array([-images.pixels * io.input(0).q.zero_point], np.int64)
    scale = scale_of(op.requantization(io), sums.whole(), start, apart=True)
    if scale is None:
        yield Declined("sums that may wrap, or a shift to the left")
        return
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            **images.params(),
            **of_eight(scale),
            "output_zero_point": io.output.q.zero_point,
        },
    )
    twice = scale.roundings is Roundings.TWICE
    whole, rest = divmod(images.channels, LANES)
    eight = Work(22 if twice else 15, 4)
    chunks = -(-images.pixels // _SUM)
    wide = Work(4, 2).times(images.pixels).and_(eight.times(2), Work(10, 8).times(chunks))
    narrow = Work(3, 2).times(images.pixels).and_(eight, Work(5, 10).times(chunks))
    image = wide.times(whole).and_(narrow.times(-(-rest // 8)), Work(0, 20))
    cost = image.times(images.count).and_(Work(0, 20)).cost(400)
    yield Candidate((site.node,), (call,), cost, why=ROUNDINGS[twice])
