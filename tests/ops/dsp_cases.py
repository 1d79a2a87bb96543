"""Cases for the kernel set `dsp`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tests.ops.harness import Case, offered
from tinygen.engines.aot.kernel_sets.dsp import Dsp
from tinygen.ir import KernelCall


def narrow(case: Case) -> Case:
    """The case with weights from -127, as converters write them."""
    source, weights, *bias = case.io.inputs
    assert weights is not None
    assert weights.data is not None
    weights = replace(weights, data=np.maximum(weights.data, -127))
    io = replace(case.io, inputs=(source, weights, *bias))
    vectors = tuple((values[0], weights.data, *values[2:]) for values in case.vectors)
    return replace(case, io=io, vectors=vectors)


def variants(cases: Sequence[Case]) -> set[tuple[str, str]]:
    """The kernels that the cases reach, each with the way in which it is used."""
    return set(_variants(offered(cases, Dsp())))


def _variants(cases: Iterable[Case]) -> Iterable[tuple[str, str]]:
    for case in cases:
        for call in case.lowered:
            if isinstance(call, KernelCall):
                yield call.kernel.name, case.why
