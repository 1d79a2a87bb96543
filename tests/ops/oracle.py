"""Holds cases against TFLM itself, the first oracle: the wheel runs each as a .tflite file."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from tests.ops.harness import Case
from tests.ops.tflite_file import parse_operator, run_litert, run_tflm, single_operator
from tinygen.ir import Array
from tinygen.tflite import start


def check_against_tflm(cases: Sequence[Case]) -> None:
    """The reference equals TFLM in every byte, and the operator is read back from the file.

    Skips where the tflite-micro wheel is absent.
    """
    for one in cases:
        inputs = one.io.inputs
        while inputs[-1] is None:  # TFLM's depthwise convolution crashes on a bias of -1
            inputs = inputs[:-1]
        inputs = inputs if not one.op.memory else one.io.inputs
        model = single_operator(one.op.kind, inputs, one.io.outputs, one.options, one.op.memory)
        parsed, io = parse_operator(model)
        assert parsed == one.op, f"{one.name}: read back as {parsed}"
        assert parsed.infer(io) == tuple(t.shape for t in one.io.outputs), one.name
        if one.op.memory:
            _check_steps(one, model)
            continue
        for index, (vector, expected) in enumerate(zip(one.vectors, one.expected, strict=True)):
            for got, want in zip(run_tflm(model, _live(one, vector)), expected, strict=True):
                np.testing.assert_array_equal(
                    want, got, f"{one.name}, vector {index}: reference and TFLM", strict=True
                )


def _check_steps(one: Case, model: bytes) -> None:
    """The same of an operator that remembers: its vectors one after the other, from what it starts
    with."""
    runtime = pytest.importorskip("tflite_micro.python.tflite_micro.runtime")
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=1 << 20)
    tensors = [one.io.input(i) for i in one.op.memory]
    kept = [start(tensor) for tensor in tensors]
    for index, vector in enumerate((*one.vectors, *one.vectors)):
        values = list(vector)
        for position, value in zip(one.op.memory, kept, strict=True):
            values[position] = value
        for number, array in enumerate(a for i, a in enumerate(_live(one, vector)) if i == 0):
            interpreter.set_input(array, number)
        interpreter.invoke()
        results = one.op.reference(one.io, values)
        kept = list(results[len(results) - len(kept) :])
        np.testing.assert_array_equal(
            results[0], interpreter.get_output(0), f"{one.name}, step {index}", strict=True
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
