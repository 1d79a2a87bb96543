"""Operators that remember: reference = TFLM step by step, and kernel = reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ops.drawn import drawn
from tests.ops.drawn_recurrent import RECURRENT, lstm, svdf
from tests.ops.harness import check, check_on_host
from tests.ops.oracle import check_against_tflm
from tinygen.errors import UnsupportedModel
from tinygen.ir import DType, KernelCall, Quant
from tinygen.ops.activation import Activation
from tinygen.ops.gates import sigmoid, tanh
from tinygen.ops.svdf import Svdf

EDGES = tuple(
    lstm(np.random.default_rng(i), steps, features, units)
    for i, (steps, features, units) in enumerate([(1, 1, 1), (3, 4, 4), (2, 8, 12), (5, 3, 7)])
)

SCALES = tuple(
    lstm(np.random.default_rng(-power + 50), 3, 4, 5, power=power) for power in (-30, -16, -1, 2)
)
"""Cells of every magnitude that TFLM computes without an overflow."""

WIDE = (
    *(
        lstm(np.random.default_rng(i), steps, features, units, wide=True, clip=clip)
        for i, (steps, features, units, clip) in enumerate(
            [(1, 1, 1, 0.0), (3, 4, 4, 0.0), (2, 8, 12, 0.5), (5, 3, 7, 10.0)]
        )
    ),
    *(lstm(np.random.default_rng(i), 3, 4, 5, wide=True, power=i - 30) for i in (0, 14, 32)),
    lstm(np.random.default_rng(9), 2, 1100, 3, wide=True),
    lstm(np.random.default_rng(7), 3, 4, 5, wide=True, bias=1 << 30),
)
"""Of int16, some with sums of more than 32 bits: of many features, large biases."""
MANY_UNITS = lstm(np.random.default_rng(8), 2, 3, 1100, wide=True)
"""The same of the hidden state; 5 MB of weights."""

SVDFS = tuple(
    svdf(np.random.default_rng(i), features, units, memory, rank=rank, batches=batches, wide=wide)
    for i, (features, units, memory, rank, batches) in enumerate(
        [(1, 1, 1, 1, 1), (8, 4, 8, 1, 1), (5, 3, 2, 2, 2), (12, 2, 9, 3, 1), (3, 5, 4, 1, 1)]
    )
    for wide in (True, False)
)
CASES = {"SVDF": SVDFS, "UNIDIRECTIONAL_SEQUENCE_LSTM": (*EDGES, *SCALES, *WIDE)}


@pytest.mark.parametrize("kind", sorted(RECURRENT))
def test_kernels(kind: str, tmp_path: Path) -> None:
    check(CASES[kind], tmp_path)


def test_sums_of_the_hidden_state_in_64_bits(tmp_path: Path) -> None:
    """A kernel for many units is held on few, the reference on as many."""
    (call,) = MANY_UNITS.lowered
    assert isinstance(call, KernelCall)
    assert call.params["hidden_wide"] == 1
    check_against_tflm([MANY_UNITS])
    few = WIDE[0]
    (call,) = few.lowered
    assert isinstance(call, KernelCall)
    wide = replace(call, params={**call.params, "hidden_wide": 1})
    check_on_host([replace(few, calls=(wide,))], tmp_path)


@pytest.mark.parametrize("kind", sorted(RECURRENT))
def test_the_reference_is_tflms(kind: str) -> None:
    check_against_tflm((*CASES[kind], *drawn([kind], 20)))


@pytest.mark.parametrize(
    ("position", "change", "op", "what"),
    [
        (0, {"shape": (1, 7)}, Svdf(2), "are not those of one"),
        (4, {"shape": (1, 47)}, Svdf(2), "are not those of one"),
        (2, {}, Svdf(3), "with the rank 3"),
        (3, None, Svdf(2), "without a bias"),
        (3, {"quant": Quant((0.5,), (0,))}, Svdf(2), "the bias 'in3' of SVDF has the scale 0.5"),
        (2, {"quant": Quant((0.1,), (1,))}, Svdf(2), "are computed or have a zero point"),
        (4, {"quant": Quant((0.1,), (3,))}, Svdf(2), "an int16 tensor with the zero point 3"),
        (4, {"dtype": DType.INT8}, Svdf(2), "which is int8"),
        (4, {}, Svdf(2, Activation.RELU6), "with the activation RELU6"),
    ],
)
def test_other_svdfs_are_refused(
    position: int, change: dict[str, Any] | None, op: Svdf, what: str
) -> None:
    io = svdf(np.random.default_rng(0), 8, 4, 6, rank=2).io
    inputs = list(io.inputs)
    inputs[position] = None if change is None else replace(io.input(position), **change)
    changed = replace(io, inputs=tuple(inputs))
    with pytest.raises(UnsupportedModel) as caught:
        _ = op.infer(changed), op.lower(changed)
    assert what in str(caught.value)


def test_gates_are_what_they_approximate() -> None:
    """Over all of 16 bits, to one part in 2^12; odd, and rising."""
    values = np.arange(-(1 << 15), 1 << 15)
    real = values / (1 << 12)
    assert np.abs(sigmoid(values) / (1 << 15) - 1 / (1 + np.exp(-real))).max() < 2.0**-12
    found = tanh(values, 3, 0)
    assert np.abs(found / (1 << 15) - np.tanh(real)).max() < 2.0**-12
    for each in (sigmoid(values), found):
        assert (np.diff(each) >= 0).all()
