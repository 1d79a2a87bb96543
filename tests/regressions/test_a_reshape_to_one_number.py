"""RESHAPE to a shape without dimensions: "RESHAPE reads 't1' before it is written". The file's
operand is a constant of no elements, whose buffer holds nothing. The engine `tflm` then ended in an
IndexError where it looks for TILEs."""

from __future__ import annotations

import numpy as np

from tests.ops.harness import int8, int32
from tests.ops.tflite_file import parse_operator, run_tflm, single_operator
from tinygen import tflite


def test_it_is_read_and_computed() -> None:
    inputs = [int8((1, 1), 0.1), int32(np.zeros(0, np.int32))]
    model = single_operator("RESHAPE", inputs, [int8((), 0.1)], {"newShape": []})
    assert tflite.without_tiles(model, tflite.read(model, "case")) is model
    op, io = parse_operator(model)
    assert op.infer(io) == ((),)
    values = np.array([[7]], np.int8)
    (ours,) = op.reference(io, (values, io.constant(1)))
    np.testing.assert_array_equal(ours, run_tflm(model, [values])[0], strict=True)
