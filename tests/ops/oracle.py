"""Holds cases against TFLM itself, the first oracle: the wheel runs each as a .tflite file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tests.ops.harness import Case
from tests.ops.tflite_file import parse_operator, run_litert, run_tflm, single_operator
from tinygen.ir import Array


def check_against_tflm(cases: Sequence[Case]) -> None:
    """The reference equals TFLM in every byte, and the operator is read back from the file.

    Skips where the tflite-micro wheel is absent.
    """
    for one in cases:
        inputs = one.io.inputs
        while inputs[-1] is None:  # TFLM's depthwise convolution crashes on a bias of -1
            inputs = inputs[:-1]
        model = single_operator(one.op.kind, inputs, one.io.outputs, one.options)
        parsed, io = parse_operator(model)
        assert parsed == one.op, f"{one.name}: read back as {parsed}"
        assert parsed.infer(io) == tuple(t.shape for t in one.io.outputs), one.name
        for index, (vector, expected) in enumerate(zip(one.vectors, one.expected, strict=True)):
            for got, want in zip(run_tflm(model, _live(one, vector)), expected, strict=True):
                np.testing.assert_array_equal(
                    want, got, f"{one.name}, vector {index}: reference and TFLM", strict=True
                )


def check_against_litert(cases: Sequence[Case]) -> None:
    """The reference equals LiteRT's reference kernels in every byte: for what TFLM has not.

    Skips where LiteRT is absent.
    """
    for one in cases:
        model = single_operator(one.op.kind, one.io.inputs, one.io.outputs, one.options)
        parsed, _ = parse_operator(model)
        assert parsed == one.op, f"{one.name}: read back as {parsed}"
        for index, (vector, expected) in enumerate(zip(one.vectors, one.expected, strict=True)):
            for got, want in zip(run_litert(model, _live(one, vector)), expected, strict=True):
                np.testing.assert_array_equal(
                    want, got, f"{one.name}, vector {index}: reference and LiteRT", strict=True
                )


def _live(one: Case, vector: Sequence[Array | None]) -> list[Array]:
    """The arrays of a vector that are no constants."""
    return [
        array
        for t, array in zip(one.io.inputs, vector, strict=True)
        if t is not None and array is not None and not t.constant
    ]
