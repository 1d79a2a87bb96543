"""Activations that int8 does not hold by itself: clamped where the output lies, behind a kernel.

The kernel saturates to int8, within which all lies that an activation lets through: the codes are
the same. ReLU is such a one wherever real zero is not the lowest code, as in models that were
trained for quantization.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from tinygen.engines.aot.kernel_sets.dsp.channels import shared
from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import Kernel, KernelCall
from tinygen.ops.activation import INT8_MAX, INT8_MIN, Activation, quantized_range

Offers = Callable[[Site], Iterable[Candidate | Declined]]

KERNEL = Kernel("dsp", "clamp")


def clamped(family: Offers) -> Offers:
    """What the family has for a site; where it has nothing and the activation narrows int8, what it
    has without the activation, and the clamp behind."""

    def offers(site: Site) -> Iterable[Candidate | Declined]:
        answers = list(family(site))
        bounds = _bounds(site)
        if bounds is None or any(isinstance(one, Candidate) for one in answers):
            return answers
        op = replace(site.node.op, activation=Activation.NONE)  # type: ignore[call-arg]
        bare = replace(site, node=replace(site.node, op=op))
        found = [one for one in family(bare) if isinstance(one, Candidate)]
        return [_behind(one, site, bounds) for one in found] or answers

    return offers


def _bounds(site: Site) -> tuple[int, int] | None:
    """The lowest and highest code of the output, where they are others than int8's."""
    activation, quant = getattr(site.node.op, "activation", Activation.NONE), site.io.output.quant
    if activation is Activation.NONE or quant is None:
        return None
    bounds = quantized_range(activation, quant)
    return None if bounds == (INT8_MIN, INT8_MAX) else bounds


def _behind(bare: Candidate, site: Site, bounds: tuple[int, int]) -> Candidate:
    output = site.io.output
    low, high = bounds
    call = KernelCall(
        kernel=KERNEL,
        inputs=(),
        outputs=(output.id,),
        params={"count": output.elements, "output_min": low, "output_max": high},
    )
    return replace(
        bare,
        nodes=(site.node,),
        calls=(*bare.calls, call),
        cost=bare.cost + _cost(output.elements, high < INT8_MAX) + Cost(0, 0, shared(site, 90)),
    )


def _cost(count: int, above: bool) -> Cost:
    eights, rest = divmod(count, 8)
    more = (4, 6) if above else (0, 0)
    return Cost(
        instructions=15 + (11 + more[0]) * eights + 8 * rest,
        cycles=25 + (12 + more[1]) * eights + 12 * rest,
        flash=0,
    )
