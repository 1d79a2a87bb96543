"""The kernel set `mve`: cores with Helium, Armv8.1-M's vectors of 128 bits (Cortex-M55, M85).

One file for each family of operators: a function from a site to what there is for it.

Cycles are an estimate, not a measurement: two for a vector instruction, which the Cortex-M55's
data path of 64 bits takes in two halves, one for any other, and nothing for what it does at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar

from tinygen.boards import Extension
from tinygen.engines.aot.kernel_sets.int16 import none_of_16_bits
from tinygen.engines.aot.kernel_sets.mve import (
    conv_2d,
    depthwise_conv_2d,
    elementwise,
    fully_connected,
    int16,
    int16_depthwise,
    mean,
    pool,
    softmax,
)
from tinygen.engines.aot.offers import Candidate, Declined, KernelSet, Site

Offers = Callable[[Site], Iterable[Candidate | Declined]]

FAMILIES: Mapping[str, Offers] = {
    "ADD": elementwise.sums,
    "AVERAGE_POOL_2D": pool.averages,
    "CONV_2D": conv_2d.offers,
    "DEPTHWISE_CONV_2D": depthwise_conv_2d.offers,
    "FULLY_CONNECTED": fully_connected.offers,
    "MAX_POOL_2D": pool.maxima,
    "MEAN": mean.offers,
    "MUL": elementwise.products,
    "SOFTMAX": softmax.offers,
    "SUB": elementwise.sums,
    "SUM": mean.offers,
}
"""By the operator's kind; any other may be a table."""

FAMILIES_16: Mapping[str, Offers] = {
    "CONV_2D": int16.convolutions,
    "DEPTHWISE_CONV_2D": int16_depthwise.offers,
    "FULLY_CONNECTED": int16.connected,
}
"""The same of int16 activations."""


class Mve(KernelSet):
    """Sixteen products an instruction."""

    name: ClassVar[str] = "mve"
    requires: ClassVar[frozenset[Extension]] = frozenset({Extension.MVE, Extension.DSP})
    kinds: ClassVar[frozenset[str] | None] = frozenset(FAMILIES)
    of_16_bits: ClassVar[bool] = True
    build_flags: ClassVar[tuple[str, ...]] = ("-fomit-frame-pointer",)
    """The assembly statements want all fourteen registers."""

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        if site.of_16_bits:
            yield from FAMILIES_16.get(site.node.op.kind, none_of_16_bits)(site)
            return
        yield from FAMILIES.get(site.node.op.kind, elementwise.tables)(site)
