"""Functions of one code by a table, eight codes at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Kernel, KernelCall, portable

KERNEL = Kernel("dsp", "lookup")
EIGHT = "eight codes at a time"
VARIANTS = ((KERNEL.name, EIGHT),)
"""Every way in which there is code for it."""


def tables(site: Site, why_else: str = "it is no table") -> Iterable[Candidate | Declined]:
    """For all that portable does with a table of 256 codes."""
    calls = site.node.op.lower(site.io)
    call = calls[0]
    if len(calls) != 1 or not isinstance(call, KernelCall) or call.kernel != portable("lookup"):
        yield Declined(why_else)
        return
    eights, rest = divmod(site.io.output.elements, 8)
    cost = Cost(
        instructions=14 + 28 * eights + 5 * rest,
        cycles=24 + 36 * eights + 9 * rest,
        flash=150 + call.constants["table"].data.nbytes,
    )
    yield Candidate((site.node,), (replace(call, kernel=KERNEL),), cost, why=EIGHT)
