"""A model with SELECT (tf.compat.v1.where) was refused by the engine tflm, which has SELECT_V2.

Both are the same but for a condition of one dimension, which SELECT takes for rows."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ops.harness import int8, tensor
from tests.ops.tflite_file import parse_operator, run_tflm, single_operator
from tinygen import tflite
from tinygen.ir import DType, Shape, Values


@pytest.mark.parametrize(
    ("condition", "shape"), [((2, 3), (2, 3)), ((4,), (4,)), ((1,), (3, 2)), ((), (2, 2))]
)
def test_it_is_select_v2(condition: Shape, shape: Shape) -> None:
    content = select(condition, shape)
    made = tflite.without_selects(content, tflite.read(content, "select"))
    assert [node.op.kind for node in tflite.read(made, "select").nodes] == ["SELECT_V2"]
    rng = np.random.default_rng(3)
    values = [rng.integers(0, 2, condition).astype(np.bool_)]
    values += [rng.integers(-128, 128, shape).astype(np.int8) for _ in range(2)]
    op, io = parse_operator(content)
    (expected,) = op.compute(io, Values(tuple(values)))
    (got,) = run_tflm(made, values)
    assert np.array_equal(got, expected)


def test_a_condition_of_rows_stays() -> None:
    content = select((3,), (3, 3))
    assert tflite.without_selects(content, tflite.read(content, "select")) is content


def select(condition: Shape, shape: Shape) -> bytes:
    q = int8(shape, 0.1)
    return single_operator("SELECT", [tensor(condition, DType.BOOL), q, q], [q], {})
