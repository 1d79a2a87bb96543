"""Cases for the kernel set `mve`, or another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.ops.cores import Core
from tests.ops.harness import Case, offered
from tests.ops.measure import measure_cases
from tinygen import boards
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.engines.aot.offers import KernelSet
from tinygen.ir import KernelCall

CORE = Core("qemu-cortex-m55", "-O2")
MVE = Mve()


def candidates(
    cases: Sequence[Case], of: KernelSet = MVE, core: boards.Core = boards.Core.CORTEX_M55
) -> list[Case]:
    """Each case once for every candidate."""
    return offered(cases, of, core)


def variants(
    cases: Sequence[Case], of: KernelSet = MVE, core: boards.Core = boards.Core.CORTEX_M55
) -> set[tuple[str, str]]:
    """The kernels that the cases reach, each with the way in which it is used."""
    return {
        (call.kernel.name, one.why)
        for one in candidates(cases, of, core)
        for call in one.lowered
        if isinstance(call, KernelCall)
    }


def near(
    cases: Sequence[Case],
    folder: Path,
    most: float = 0.15,
    of: KernelSet = MVE,
    core: Core = CORE,
) -> None:
    """The instructions that the set estimates are those counted, but for this share; skips where
    there are no tools."""
    missing = core.missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")
    found = [_apart(one) for one in candidates(cases, of, core.core)]
    wrong = []
    for one, row in zip(found, measure_cases(found, folder, core), strict=True):
        assert one.cost is not None
        off = one.cost.instructions / row.instructions - 1
        if abs(off) > most:
            wrong.append(f"{one.name}, {one.why}: {off:+.1%} of {row.instructions}")
    assert wrong == []


def _apart(case: Case) -> Case:
    """With an output that is nowhere but in a place of its own."""
    calls = tuple(
        replace(call, overlaps=()) if isinstance(call, KernelCall) else call
        for call in case.lowered
    )
    return replace(case, calls=calls)
