"""Moving elements without computing: the kernel call behind slices, transposes, joins and pads."""

from __future__ import annotations

import math

from tinygen.errors import UnsupportedModel
from tinygen.ir import Alias, KernelCall, Tensor, portable
from tinygen.ops.loops import Loops
from tinygen.ops.orders import in_loops

_LOOPS = 5


def copy_call(
    kind: str, source: Tensor, target: Tensor, loops: Loops, offsets: tuple[int, int] = (0, 0)
) -> KernelCall:
    """Copies along `loops`, whose arrays are source and target; `offsets` are where each starts.

    Strides and offsets are in elements. Neighbouring elements are moved as one block.
    """
    size = target.dtype.size
    loops = loops.merged()
    dims, (steps_in, steps_out) = loops.dims, loops.strides
    block = size
    if dims and steps_in[-1] == 1 and steps_out[-1] == 1:
        block = size * dims[-1]
        dims, steps_in, steps_out = dims[:-1], steps_in[:-1], steps_out[:-1]
    if len(dims) > _LOOPS:
        raise UnsupportedModel(
            f"{kind} of '{source.name}' takes {len(dims)} nested loops, the kernel has {_LOOPS}"
        )
    loops = Loops(dims, (steps_in, steps_out)).padded(_LOOPS)
    steps = tuple(tuple(size * s for s in strides) for strides in loops.strides)
    starts = size * offsets[0], size * offsets[1]
    order = in_loops(Loops(loops.dims, steps), starts, block)
    whole = math.prod(loops.dims) == 1 and block in (source.nbytes, target.nbytes)
    return KernelCall(
        kernel=portable("copy"),
        inputs=(source.id,),
        outputs=(target.id,),
        params={
            "dims": loops.dims,
            "input_strides": steps[0],
            "output_strides": steps[1],
            "input_offset": starts[0],
            "output_offset": starts[1],
            "block_bytes": block,
        },
        overlaps=order.overlaps(target.nbytes),
        needless=Alias(source.id, target.id, starts[0] - starts[1]) if whole else None,
    )
