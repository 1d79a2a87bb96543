"""The kernel set `portable`: C11 for any core.

Each operator's own kernel is the fallback for every shape. Beside it are faster ones for some
operators, blocked for a family of cores (`families`), where what they rest on can be proved, and
smaller ones of weights that are packed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from tinygen.engines.aot.kernel_sets.portable.add import affine_add
from tinygen.engines.aot.kernel_sets.portable.conv_2d import packed_conv_2d
from tinygen.engines.aot.kernel_sets.portable.costs import FITS, cost
from tinygen.engines.aot.kernel_sets.portable.depthwise_conv_2d import packed_depthwise_conv_2d
from tinygen.engines.aot.kernel_sets.portable.families import FAMILIES
from tinygen.engines.aot.kernel_sets.portable.fully_connected import blocked_fully_connected
from tinygen.engines.aot.kernel_sets.portable.int4 import int4_fully_connected
from tinygen.engines.aot.kernel_sets.portable.rice import rice_weights
from tinygen.engines.aot.offers import Candidate, Cost, Declined, KernelSet, Site
from tinygen.ir import PORTABLE, KernelCall

__all__ = ["FITS", "Portable", "cost"]

_MORE = (
    packed_conv_2d,
    packed_depthwise_conv_2d,
    blocked_fully_connected,
    affine_add,
    int4_fully_connected,
    rice_weights,
)


class Portable(KernelSet):
    """As each operator lowers itself; for some cores faster and smaller ones too."""

    name: ClassVar[str] = PORTABLE
    of_16_bits = True

    def offers(self, site: Site) -> Iterable[Candidate | Declined]:
        family = FAMILIES.get(site.core)
        calls = site.node.op.lower(site.io)
        kernels = [call for call in calls if isinstance(call, KernelCall)]
        costs = (cost(call, site.graph.tensors, family) for call in kernels)
        yield Candidate((site.node,), calls, sum(costs, Cost(0, 0, 0)), why="runs on every core")
        if family is not None and not site.of_16_bits:
            for more in _MORE:
                yield from more(site, family)
