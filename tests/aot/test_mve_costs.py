"""The estimated costs of mve's kernels, against instructions counted on the emulated core."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ops.cores import Core
from tests.ops.measure import Measured, measure
from tinygen import passes, tflite
from tinygen.engines.aot import compile_graph
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import Portable
from tinygen.engines.aot.kernel_sets.mve import Mve

CORE = Core("qemu-cortex-m55", "-O2")
OFF = 0.15
"""How far an estimate may be off, as a share of what was counted, where that is not little."""
SMALL = 500


@pytest.fixture(autouse=True)
def tools() -> None:
    missing = CORE.missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")


def near(rows: list[Measured]) -> None:
    for row in rows:
        if row.layer.call.kernel.set == "mve" and row.instructions > SMALL:
            off = row.estimate / row.instructions - 1
            assert abs(off) < OFF, f"{row.layer.title}, {row.layer.call.kernel}: {off:+.0%}"


@pytest.mark.parametrize(
    "name", ["ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"]
)
def test_a_benchmark_model(name: str, models: Path, tmp_path: Path) -> None:
    graph = passes.simplify(tflite.read((models / f"{name}.tflite").read_bytes(), name))
    program = compile_graph(graph, (Mve(), Portable()), Goal.SPEED, CORE.core)
    near(measure(program, tmp_path, CORE))
