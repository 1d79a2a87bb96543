"""What kernels of packed weights are estimated to take, and where they are chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ops.harness import Case, case
from tests.ops.measure import measure_cases
from tests.ops.test_int4_weights import as_int4
from tests.ops.test_op_conv_2d import conv
from tests.ops.test_op_fully_connected import dense
from tests.ops.test_packed_weights import of_few_values, packed, peaked
from tinygen import boards, passes, tflite
from tinygen.engines.aot import compile_graph
from tinygen.engines.aot.goal import Goal
from tinygen.engines.aot.kernel_sets.portable import int4, rice
from tinygen.ir import Graph
from tinygen.ops.spatial import Padding

NEAR = 0.15


def _cases() -> list[Case]:
    return [
        peaked(conv("3x3", (10, 11, 16), 32, (3, 3), padding=Padding.VALID)),
        peaked(conv("pointwise", (10, 10, 32), 24, (1, 1))),
        peaked(dense("dense", (1, 300), 64)),
        as_int4(dense("int4", (1, 300), 64)),
        of_few_values(dense("table", (1, 300), 64)),
    ]


def test_estimates(tmp_path: Path) -> None:
    rows = measure_cases(packed(_cases(), boards.Core.CORTEX_M4), tmp_path)
    assert {row.layer.call.kernel for row in rows} == {
        rice.FULLY_CONNECTED,
        rice.CONV_2D,
        int4.KERNEL,
    }
    for row in rows:
        assert abs(row.estimate / row.instructions - 1) < NEAR, row.layer.call.kernel


def _graph(models: Path, name: str) -> Graph:
    content = (models / f"{name}.tflite").read_bytes()
    return passes.optimize(passes.simplify(tflite.read(content, name)))


def test_a_third_of_ad01s_flash_is_saved_where_only_size_counts(models: Path) -> None:
    graph = _graph(models, "ad01_int8")
    small, fast = (compile_graph(graph, goal=goal) for goal in (Goal.SIZE, Goal.SPEED))
    assert small.constant_bytes < 0.67 * fast.constant_bytes
    assert rice.FULLY_CONNECTED in small.kernels
    assert rice.FULLY_CONNECTED not in fast.kernels


def test_weights_without_a_peak_are_left_as_they_are(models: Path) -> None:
    program = compile_graph(_graph(models, "kws_ref_model"), goal=Goal.SIZE)
    assert rice.CONV_2D not in program.kernels
    said = [o.answer.why for choice in program.choices for o in choice.others]
    assert said.count("Rice code: 104% of its weights' bytes") == 3


@pytest.mark.parametrize("how", ["pruned", "clustered"])
def test_weights_that_training_made_few_take_less_flash(how: str, models: Path) -> None:
    graph = _graph(models, "kws_ref_model")
    tensors = dict(graph.tensors)
    for node in graph.nodes:
        if node.op.kind == "CONV_2D":
            weights = tensors[node.inputs[1]]
            assert weights.data is not None
            data = weights.data.astype(np.int64)
            zeros = np.where(np.abs(data) <= np.quantile(np.abs(data), 0.8), 0, data)
            few = zeros if how == "pruned" else data // 16 * 16
            tensors[weights.id] = replace(weights, data=few.astype(np.int8))
    made = compile_graph(replace(graph, tensors=tensors), goal=Goal.SIZE)
    assert rice.CONV_2D in made.kernels
    assert made.constant_bytes < 0.75 * compile_graph(graph, goal=Goal.SIZE).constant_bytes


def test_it_is_the_values_that_count_not_the_files_type() -> None:
    one = as_int4(dense("plain", (1, 300), 64))
    weights = replace(one.io.input(1), int4=False)
    same = case(one.op, [one.io.input(0), weights, one.io.input(2)], one.io.outputs)
    (call,) = (
        call
        for found in packed([same], boards.Core.CORTEX_M4)
        for call in found.lowered
        if call.kernel == int4.KERNEL  # type: ignore[union-attr]
    )
    words = call.constants["weights"].data  # type: ignore[union-attr]
    assert words.nbytes == 64 * 304 // 2
    np.testing.assert_array_equal(
        words.reshape(16, 38, 4)[0, 0] << 28 >> 28, one.io.constant(1)[:4, 0]
    )
