"""Functions that are straight on both sides of zero, on int16: RELU, RELU6, LEAKY_RELU."""

from __future__ import annotations

from tinygen.ir import KernelCall, Operands, Overlap, portable

Factor = tuple[int, int]
"""(multiplier, shift), as `fixed_point.quantize_multiplier` gives them."""

ONE: Factor = (1 << 30, 1)
NOTHING: Factor = (0, 0)


def rectify_call(
    io: Operands, above: Factor, below: Factor, bounds: tuple[int, int], *, negated: bool = False
) -> KernelCall:
    """The kernel call that multiplies codes from zero on by one factor, negative ones by another,
    and clamps; `negated` where the second one is negative."""
    return KernelCall(
        kernel=portable("rectify_int16"),
        inputs=(io.input(0).id,),
        outputs=(io.output.id,),
        params={
            "count": io.output.elements,
            "multiplier": above[0],
            "shift": above[1],
            "below_multiplier": below[0],
            "below_shift": below[1],
            "below_sign": -1 if negated else 1,
            "minimum": bounds[0],
            "maximum": bounds[1],
        },
        overlaps=(Overlap(0, 0, io.output.nbytes),),
    )
