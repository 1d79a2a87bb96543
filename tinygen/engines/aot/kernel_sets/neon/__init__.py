"""The kernel set `neon`: Arm's vectors of 128 bits (Advanced SIMD), of every 64-bit core and of
most 32-bit ones that run Linux.

One file for each family of operators: a function from a site to what there is for it.

Cycles are an estimate, not a measurement: one for an instruction, which is what can be counted. How
long a Cortex-A takes for one, nothing here knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from tinygen.boards import Extension
from tinygen.engines.aot.kernel_sets.neon import conv_2d, depthwise_conv_2d, fully_connected
from tinygen.engines.aot.offers import Candidate, Declined, KernelSet, Site

Offers = Callable[[Site], Iterable[Candidate | Declined]]

FAMILIES: Mapping[str, Offers] = {
    "CONV_2D": conv_2d.offers,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d.offers,
    "FULLY_CONNECTED": fully_connected.offers,
}
"""By the operator's kind."""


class Neon(KernelSet):
    """Sixteen products in three instructions, or in one where the core has dot products."""

    name: ClassVar[str] = "neon"
    requires: ClassVar[frozenset[Extension]] = frozenset({Extension.NEON})
    kinds: ClassVar[frozenset[str] | None] = frozenset(FAMILIES)
    build_flags: ClassVar[tuple[str, ...]] = ("-fno-schedule-insns",)
    """GCC would move loads so far ahead that sums leave their registers."""

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        family = FAMILIES.get(site.node.op.kind)
        if family is not None:
            yield from family(site)
