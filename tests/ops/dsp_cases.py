"""Cases for the kernel set `dsp`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, offered
from tests.ops.measure import CORE, measure_cases
from tinygen.engines.aot.kernel_sets.dsp import Dsp, clamp
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
            if isinstance(call, KernelCall) and call.kernel != clamp.KERNEL:
                yield call.kernel.name, case.why


def near(cases: Sequence[Case], folder: Path, most: float = 0.15) -> None:
    """What the set estimates is what is counted on the Cortex-M4, instructions and cycles, but for
    this share; skips where there are no tools."""
    missing = CORE.missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")
    found = [_apart(one) for one in offered(cases, Dsp())]
    for one, row in zip(found, measure_cases(found, folder), strict=True):
        assert one.cost is not None
        for estimate, counted in (
            (one.cost.instructions, row.instructions),
            (one.cost.cycles, row.cycles),
        ):
            assert abs(estimate / counted - 1) < most, f"{one.name}: {estimate} for {counted}"


def _apart(case: Case) -> Case:
    """With an output that is nowhere but in a place of its own."""
    calls = tuple(
        replace(call, overlaps=()) if isinstance(call, KernelCall) else call
        for call in case.lowered
    )
    return replace(case, calls=calls)
