"""A model of which no kernel is left did not compile: `tg_fixed_point.h` was not in the project,
which had the headers of the kernels only.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import host_program
from tests.ops.tflite_file import constant, edited, single_operator, tensor
from tinygen import passes, tflite
from tinygen.engines import aot
from tinygen.engines.aot.program import Program
from tinygen.errors import InputError
from tinygen.ir import DType

SHARED: dict[str, Any] = {"scale": 0.1, "zero_point": 3}


def float_edges() -> bytes:
    """QUANTIZE, whose float input goes."""
    return single_operator(
        "QUANTIZE", [tensor((1, 6), DType.FLOAT32)], [tensor((1, 6), **SHARED)], None
    )


def reshape() -> bytes:
    operands = [tensor((1, 6), **SHARED), constant([2, 3])]
    return single_operator("RESHAPE", operands, [tensor((2, 3), **SHARED)], {"newShape": [2, 3]})


def transpose() -> bytes:
    """Only a dimension of one moves."""
    operands = [tensor((1, 6), **SHARED), constant([1, 0])]
    return single_operator("TRANSPOSE", operands, [tensor((6, 1), **SHARED)], {})


def squeeze() -> bytes:
    return single_operator("SQUEEZE", [tensor((1, 6), **SHARED)], [tensor((6,), **SHARED)], {})


def input_too() -> bytes:
    """The input is the other output."""

    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        graph.outputs = [0, *graph.outputs]

    return edited(reshape(), change)


def compiled(content: bytes) -> Program:
    return aot.compile_graph(passes.simplify(tflite.read(content, "model")))


@pytest.mark.parametrize("make", [float_edges, reshape, transpose, squeeze, input_too])
def test_it_compiles_and_gives_its_input(make: Callable[[], bytes], tmp_path: Path) -> None:
    program = compiled(make())
    assert not program.layers
    host_program.write(program, tmp_path)
    inputs = np.random.default_rng(0).integers(-128, 128, (8, 6)).astype(np.int8)
    np.testing.assert_array_equal(host_program.run(tmp_path, inputs), inputs)


def test_a_file_without_operators_is_told_what_it_is() -> None:
    def change(model: Any) -> None:
        graph = model.subgraphs[0]
        graph.operators, graph.outputs = [], [0]

    with pytest.raises(InputError, match="computes nothing") as caught:
        compiled(edited(reshape(), change))
    assert "no operators" in caught.value.why
