"""The kernel set `dsp`: Armv7E-M and Armv8-M cores with the DSP extension (Cortex-M4, M7, M33).

One file for each family of kernels: a function from a site to what there is for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from tinygen.boards import Extension
from tinygen.engines.aot.kernel_sets.dsp import (
    add,
    clamp,
    conv_1x1,
    conv_2d,
    conv_first,
    conv_winograd,
    conv_winograd_4x4,
    depthwise,
    depthwise_any,
    depthwise_stride_2,
    fully_connected,
    int16_add,
    int16_conv_1x1,
    int16_conv_2d,
    int16_depthwise,
    int16_fully_connected,
    lookup,
    lstm,
    mul,
    pool,
)
from tinygen.engines.aot.kernel_sets.int16 import none_of_16_bits
from tinygen.engines.aot.offers import Candidate, Declined, KernelSet, Site

FAMILIES: Mapping[str, tuple[clamp.Offers, ...]] = {
    "ADD": (add.offers,),
    "AVERAGE_POOL_2D": (pool.pools,),
    "CONV_2D": (
        conv_1x1.offers,
        conv_2d.offers,
        conv_first.offers,
        conv_winograd.offers,
        conv_winograd_4x4.offers,
    ),
    "DEPTHWISE_CONV_2D": (depthwise.offers, depthwise_stride_2.offers, depthwise_any.offers),
    "FULLY_CONNECTED": (fully_connected.offers,),
    "MAX_POOL_2D": (pool.pools,),
    "MEAN": (pool.means,),
    "MUL": (mul.offers,),
    "SUB": (add.offers,),
    "SUM": (pool.means,),
}
"""By the operator's kind; any other may be a table."""

FAMILIES_16: Mapping[str, tuple[clamp.Offers, ...]] = {
    "ADD": (int16_add.offers,),
    "CONV_2D": (int16_conv_1x1.offers, int16_conv_2d.offers),
    "DEPTHWISE_CONV_2D": (int16_depthwise.offers,),
    "FULLY_CONNECTED": (int16_fully_connected.offers,),
    "SUB": (int16_add.offers,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (lstm.offers,),
}
"""The same of int16 activations, among which is an LSTM's cell."""


class Dsp(KernelSet):
    """Two products an instruction, from int8 weights."""

    name: ClassVar[str] = "dsp"
    requires: ClassVar[frozenset[Extension]] = frozenset({Extension.DSP})
    kinds: ClassVar[frozenset[str] | None] = frozenset({*FAMILIES, *FAMILIES_16})
    of_16_bits: ClassVar[bool] = True
    build_flags: ClassVar[tuple[str, ...]] = ("-fno-schedule-insns", "-fomit-frame-pointer")
    """The first scheduler makes more values live than there are registers: 10 to 25 % more
    instructions. The assembly statements want all fourteen."""

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        if site.of_16_bits:
            for family in FAMILIES_16.get(site.node.op.kind, (none_of_16_bits,)):
                yield from family(site)
            return
        for family in FAMILIES.get(site.node.op.kind, (lookup.tables,)):
            yield from clamp.clamped(family)(site)
