"""Arithmetic in float32: kernel = reference = TFLM, in every bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.ops.drawn_reals import reals
from tests.ops.harness import Case, case, check, tensor
from tests.ops.tflite_file import options_of, parse_operator, run_litert, run_tflm, single_operator
from tinygen.ir import DType
from tinygen.ops.real import RealFold, RealMap, RealPair, real_of

_LITERTS = ("SIGN", "RELU_N1_TO_1")
"""TFLM has them not."""
_F = tensor((), DType.FLOAT32)


def of_bits() -> Case:
    """Roots of numbers whose bits are spread over all there are: the smallest, infinity too."""
    bits = np.arange(1, 0x7F800000, 0x7F8000 - 77, dtype=np.uint32)
    values = np.append(bits, np.uint32(0x7F800000)).view(np.float32).reshape(1, -1)
    return case(RealMap("SQRT"), [tensor(values.shape, DType.FLOAT32)], [_F], values=[[values]])


def beyond() -> Case:
    """A sum that is infinite is the largest number: TFLM clamps even without an activation."""
    most = np.full((1, 2), np.finfo(np.float32).max)
    inputs = [tensor((1, 2), DType.FLOAT32)] * 2
    return case(RealPair("ADD"), inputs, [_F], values=[[most, most], [-most, -most]], options={})


EDGES = (of_bits(), beyond())


def check_against_the_oracle(cases: list[Case]) -> None:
    for one in cases:
        assert isinstance(one.op, RealMap | RealPair | RealFold)
        function = one.op.function
        options = one.options or ({} if options_of(function) != "NONE" else None)
        model = single_operator(function, one.io.inputs, one.io.outputs, options)
        parsed, _ = parse_operator(model)
        assert real_of(parsed) == one.op, function
        run = run_litert if function in _LITERTS else run_tflm
        for vector, (want,) in zip(one.vectors, one.expected, strict=True):
            live = [v for t, v in zip(one.io.inputs, vector, strict=True) if t and not t.constant]
            (got,) = run(model, [v for v in live if v is not None])
            assert np.array_equal(got.view(np.uint32), want.view(np.uint32)), one.name


def test_references_equal_the_oracle() -> None:
    check_against_the_oracle([*EDGES, *reals(8)])


def test_the_kernels_equal_the_references(tmp_path: Path) -> None:
    check([*EDGES, *reals(2)], tmp_path)
