"""ADD and SUB of int16 activations: two elements at a time, in the specification's own steps."""

from __future__ import annotations

from collections.abc import Iterable

from tinygen.engines.aot.offers import Candidate, Cost, Declined, Site
from tinygen.ir import DType, Kernel, KernelCall
from tinygen.ops.activation import quantized_range
from tinygen.ops.add import Add
from tinygen.ops.fixed_point import quantize_multiplier
from tinygen.ops.loops import Rows
from tinygen.ops.pairs import in_place, rows_of

KERNEL = Kernel("dsp", "add_int16")
_WAYS = ("the first input is scaled", "the second input is scaled", "both are of one scale")
VARIANTS = tuple((KERNEL.name, way) for way in _WAYS)
"""Every way in which there is code for it."""

_SAME = (1 << 30, 0)
"""Multiplier and shift of the greater scale: of 1/2."""


def offers(site: Site) -> Iterable[Candidate | Declined]:
    """The one kernel."""
    op, io = site.node.op, site.io
    assert isinstance(op, Add)
    op.check(io)
    if {t.dtype for t in (io.input(0), io.input(1), io.output)} != {DType.INT16}:
        yield Declined("not of int16 alone")
        return
    rows = rows_of(io)
    if rows is None:
        yield Declined("inputs that are broadcast within a row")
        return
    low, high = quantized_range(op.activation, io.output.q, DType.INT16)
    if high != DType.INT16.high or low not in (DType.INT16.low, 0):
        yield Declined(f"codes from {low} to {high} only")
        return
    *factors, (sum_multiplier, sum_shift) = map(quantize_multiplier, op.real_multipliers(io))
    others = [i for i, factor in enumerate(factors) if factor != _SAME]
    scaled = others[0] if others else len(factors)
    multiplier, shift = factors[scaled] if others else (0, -1)
    if len(others) > 1 or shift > -1 or sum_shift > -1:
        yield Declined("an output of a much smaller scale than the inputs")
        return
    call = KernelCall(
        kernel=KERNEL,
        inputs=(io.input(0).id, io.input(1).id),
        outputs=(io.output.id,),
        params={
            **rows.params(),
            "scaled": scaled,
            "sign1": op.sign,
            "multiplier": multiplier,
            "right": -shift,
            "sum_multiplier": sum_multiplier,
            "sum_right": -sum_shift,
            "relu": int(low == 0),
        },
        overlaps=in_place(io),
    )
    cost = _cost(rows, same=not others)
    yield Candidate((site.node,), (call,), cost, why=_WAYS[scaled])


def _cost(rows: Rows, *, same: bool) -> Cost:
    """As the kernel's instructions are counted, by the Cortex-M4's timing."""
    pairs, odd = divmod(rows.length, 2)
    two = (26, 28) if same else (32, 35)
    return Cost(
        instructions=30 + rows.count * (12 + two[0] * pairs + (8 + two[0] // 2) * odd),
        cycles=45 + rows.count * (20 + two[1] * pairs + (12 + two[1] // 2) * odd),
        flash=140 if same else 190,
    )
