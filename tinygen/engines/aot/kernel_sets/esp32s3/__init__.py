"""The kernel set `esp32s3`: the ESP32-S3's vectors of 128 bits, which its manual calls PIE.

One file for each family of operators: a function from a site to what there is for it.

Cycles are an estimate, not a measurement: one for an instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from tinygen.boards import Extension
from tinygen.engines.aot.kernel_sets.esp32s3 import conv_2d, depthwise_conv_2d, fully_connected
from tinygen.engines.aot.offers import Candidate, Declined, KernelSet, Site

Offers = Callable[[Site], Iterable[Candidate | Declined]]

FAMILIES: Mapping[str, Offers] = {
    "CONV_2D": conv_2d.offers,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d.offers,
    "FULLY_CONNECTED": fully_connected.offers,
}
"""By the operator's kind."""


class Esp32S3(KernelSet):
    """Sixteen products an instruction, into one sum or sixteen."""

    name: ClassVar[str] = "esp32s3"
    requires: ClassVar[frozenset[Extension]] = frozenset({Extension.PIE})
    kinds: ClassVar[frozenset[str] | None] = frozenset(FAMILIES)

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        family = FAMILIES.get(site.node.op.kind)
        if family is not None:
            yield from family(site)
