"""Cases of int16 activations for the kernel set `dsp`: those of int8 with other types."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.ops.extremes import with_extremes
from tests.ops.harness import Case, tensor
from tinygen.ir import DType

_SOURCE = 0.0003
_SPREAD = (19000 / 14000) / (73 / 60)
"""Random int16 codes per code of a good output, by the same of int8."""


def sixteen(one: Case, *, extremes: bool = True, bias: int = 1 << 24, seed: int = 0) -> Case:
    """The case with int16 activations without zero points and an int64 bias of up to `bias`, with
    vectors that take the sums of its channels as far as they go."""
    rng = np.random.default_rng(seed)
    source, weights, *more = one.io.inputs
    assert source is not None
    assert weights is not None
    scales = [_SOURCE * scale for scale in weights.q.scales]
    given = tensor(source.shape, DType.INT16, scale=_SOURCE)
    added = []
    if more and more[0] is not None:
        data = rng.integers(-bias, bias, more[0].elements, dtype=np.int64)
        added = [tensor(dtype=DType.INT64, scale=scales, data=data)]
    made = one.io.output.q.scale / source.q.scale * _SOURCE * _SPREAD
    target = replace(tensor(one.io.output.shape, DType.INT16, scale=made), id=one.io.output.id)
    inputs = tuple(
        replace(t, id=number, name=f"in{number}")
        for number, t in enumerate((given, weights, *added))
    )
    io = replace(one.io, inputs=inputs, outputs=(replace(target, name="out"),))
    constants = (weights.data, *(t.data for t in added))
    low, high = (np.full(source.shape, end, np.int16) for end in (-(1 << 15), (1 << 15) - 1))
    vectors = tuple((array, *constants) for array in (low, high))
    made_case = Case(f"{one.name}, int16", one.op, io, vectors, one.options)
    return with_extremes(made_case, channels=3, random=4) if extremes else made_case
