"""SOFTMAX, four elements at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tinygen.engines.aot.kernel_sets.mve.work import Work
from tinygen.engines.aot.offers import Candidate, Declined, Site
from tinygen.ir import Kernel, KernelCall

KERNEL = Kernel("mve", "softmax")


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel, with portable's table."""
    (call,) = site.node.op.lower(site.io)
    assert isinstance(call, KernelCall)
    depth = site.io.input(0).shape[-1]
    row = Work(6, 3).times(-(-depth // 16)).and_(Work(30, 13).times(-(-depth // 4)), Work(0, 140))
    work = row.times(site.io.output.elements // depth).and_(Work(0, 20))
    cost = work.cost(450 + call.constants["table"].data.nbytes)
    yield Candidate((site.node,), (replace(call, kernel=KERNEL),), cost, why="4 elements")
