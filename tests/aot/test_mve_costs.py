"""The estimated costs of mve's kernels, against instructions counted on the emulated core."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ops.measure import Measured, measure
from tests.ops.mve_cases import CORE, near
from tests.ops.test_mve_elementwise import POOLS
from tests.ops.test_op_conv_2d import conv
from tests.ops.test_op_depthwise_conv_2d import depthwise
from tests.ops.test_op_elementwise import binary
from tests.ops.test_op_fully_connected import dense
from tinygen import passes, tflite
from tinygen.engines.aot import compile_graph
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets import Portable
from tinygen.engines.aot.kernel_sets.mve import Mve
from tinygen.ops.activation import Activation
from tinygen.ops.add import Add
from tinygen.ops.mul import Mul

OFF = 0.15
"""How far an estimate may be off, as a share of what was counted, where that is not little."""
SMALL = 500
SAME = ((1, 20, 20, 7), (1, 20, 20, 7))
CASES = (
    conv("two roundings", (9, 9, 24), 12, (3, 3)),
    conv("channels left over", (9, 9, 20), 10, (3, 3)),
    conv("few channels", (24, 24, 3), 16, (3, 3), (2, 2)),
    conv("pixels", (10, 10, 40), 30, (1, 1)),
    conv("long pixels", (6, 6, 300), 24, (1, 1)),
    conv("clamped", (10, 10, 16), 16, (1, 1), activation=Activation.RELU6),
    depthwise("two roundings", (12, 12, 24)),
    depthwise("some channels at a time", (12, 9, 64)),
    depthwise("by twos", (20, 20, 16), stride=(2, 2)),
    depthwise("5x5", (12, 12, 12), kernel=(5, 5)),
    depthwise("7x1", (12, 12, 12), kernel=(7, 1)),
    depthwise("multiplied", (12, 12, 8), 2),
    dense("two roundings", (1, 200), 50),
    dense("rows", (9, 64), 32),
    binary(Add, SAME),
    binary(Mul, SAME),
    binary(Add, ((1, 12, 12, 24), (24,))),
    binary(Mul, ((1, 12, 12, 20), (1, 1, 1, 20))),
    *POOLS,
)


def test_single_layers(tmp_path: Path) -> None:
    near(CASES, tmp_path, OFF)


@pytest.mark.parametrize(
    "name", ["ad01_int8", "kws_ref_model", "pretrainedResnet_quant", "vww_96_int8"]
)
def test_a_benchmark_model(name: str, models: Path, tmp_path: Path) -> None:
    missing = CORE.missing_tool()
    if missing is not None:
        pytest.skip(f"{missing} is not installed")
    graph = passes.simplify(tflite.read((models / f"{name}.tflite").read_bytes(), name))
    program = compile_graph(graph, (Mve(), Portable()), Goal.SPEED, CORE.core)
    rows = [row for row in measure(program, tmp_path, CORE) if row.layer.call.kernel.set == "mve"]
    assert [_off(row) for row in rows if row.instructions > SMALL and abs(_off(row)) > OFF] == []


def _off(row: Measured) -> float:
    return row.estimate / row.instructions - 1
