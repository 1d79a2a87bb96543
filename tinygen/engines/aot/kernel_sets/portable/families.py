"""Families of cores, for which portable kernels are blocked, and costs told, alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinygen.boards import Core


@dataclass(frozen=True)
class Family:
    """What is common to some cores."""

    name: str
    wide: bool
    """Whether they multiply 32 by 32 bits to 64."""
    expanded: bool
    """Whether a signed byte is dearer to load than an unsigned one."""
    triples: int
    """Of pixels that a packed convolution computes together."""
    block: int
    """Output channels with them."""
    unroll: int
    """The most products in a round of its inner loop."""
    times: float
    """Its instructions for one of a Cortex-M4's, of kernels that were measured only there."""


ARMV6M = Family("armv6m", wide=False, expanded=True, triples=2, block=1, unroll=8, times=2.5)
THUMB2 = Family("thumb2", wide=True, expanded=False, triples=1, block=4, unroll=4, times=1.0)
RV32M = Family("rv32m", wide=True, expanded=False, triples=1, block=4, unroll=2, times=1.1)
XTENSA = Family("xtensa", wide=False, expanded=True, triples=1, block=2, unroll=2, times=2.5)
XTENSA_WIDE = Family("xtensa", wide=True, expanded=True, triples=1, block=2, unroll=2, times=2.5)

FAMILIES: Mapping[Core, Family] = {
    Core.CORTEX_M0: ARMV6M,
    Core.CORTEX_M0PLUS: ARMV6M,
    Core.CORTEX_M1: ARMV6M,
    Core.CORTEX_M23: ARMV6M,
    Core.CORTEX_M3: THUMB2,
    Core.CORTEX_M4: THUMB2,
    Core.CORTEX_M7: THUMB2,
    Core.CORTEX_M33: THUMB2,
    Core.CORTEX_M35P: THUMB2,
    Core.CORTEX_M52: THUMB2,
    Core.CORTEX_M55: THUMB2,
    Core.CORTEX_M85: THUMB2,
    Core.CORTEX_A53: THUMB2,
    Core.CORTEX_A72: THUMB2,
    Core.CORTEX_A76: THUMB2,
    Core.ARMV7_A: THUMB2,
    Core.ARMV8_A: THUMB2,
    Core.RV32IMC: RV32M,
    Core.RV32IMAC: RV32M,
    Core.RV32IMAFC: RV32M,
    Core.RV32IMAFDC: RV32M,
    Core.XTENSA_LX6: XTENSA_WIDE,
    Core.XTENSA_LX7: XTENSA_WIDE,
    Core.XTENSA_LX106: XTENSA,
}
"""Of a core that is not here nothing is known: it gets each operator's own kernel. Of a Cortex-A
only what it executes was counted (`tests/counting/user_mode.py`): costs are a Cortex-M4's."""
