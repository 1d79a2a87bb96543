"""Weights of int4: read as TFLM reads them, and refused where it reads none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.ops import test_op_conv_2d, test_op_depthwise_conv_2d, test_op_fully_connected
from tests.ops.harness import Case, case, int8
from tests.ops.oracle import check_against_tflm
from tests.ops.tflite_file import edited, parse_operator, single_operator
from tinygen.errors import InputError, UnsupportedModel
from tinygen.ops.add import Add
from tinygen.ops.fully_connected import FullyConnected
from tinygen.tflite import read


def as_int4(one: Case) -> Case:
    """The case with the upper four bits of its weights."""
    source, weights, *bias = one.io.inputs
    assert weights is not None
    assert weights.data is not None
    narrow = replace(weights, data=weights.data >> 4, int4=True)
    return case(one.op, [source, narrow, *bias], one.io.outputs, name=one.name, options=one.options)


def _cases() -> list[Case]:
    dense = [
        one
        for one in (*test_op_fully_connected.EDGES, *test_op_fully_connected.RANDOM)
        if one.io.input(1).q.per_tensor  # TFLM has int4 of one scale alone
    ]
    windows = (
        *test_op_conv_2d.EDGES,
        *test_op_conv_2d.RANDOM,
        *test_op_depthwise_conv_2d.EDGES,
        *test_op_depthwise_conv_2d.RANDOM,
    )
    return [as_int4(one) for one in (*windows, *dense)]


def test_reference_equals_tflm() -> None:
    check_against_tflm(_cases())


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_two_numbers_to_a_byte_the_first_in_the_lower_half(count: int) -> None:
    codes = (np.arange(count, dtype=np.int8) * 5 % 16 - 8).reshape(1, count)
    weights = replace(int8(data=codes, scale=0.1), int4=True)
    model = single_operator(
        "FULLY_CONNECTED", [int8((1, count), 0.1), weights], [int8((1, 1), 0.1)], {}
    )
    _, io = parse_operator(model)
    np.testing.assert_array_equal(io.constant(1), codes, strict=True)
    assert io.input(1).int4
    assert not io.output.int4


def test_bytes_that_are_not_as_many() -> None:
    weights = replace(int8(data=np.zeros((2, 3), np.int8), scale=0.1), int4=True)
    model = single_operator("FULLY_CONNECTED", [int8((1, 3), 0.1), weights], [int8((1, 2))], {})

    def shorter(tables: object) -> None:
        tables.buffers[1].data = tables.buffers[1].data[:2]  # type: ignore[attr-defined]

    with pytest.raises(InputError, match="2 bytes for 6 int4 numbers"):
        read(edited(model, shorter), "cut")


def test_of_int4_are_weights_alone() -> None:
    constant = replace(int8(data=np.zeros((1, 4), np.int8), scale=0.1), int4=True)
    model = single_operator(Add.kind, [int8((1, 4), 0.1), constant], [int8((1, 4), 0.1)], {})
    with pytest.raises(UnsupportedModel, match="which ADD reads, is int4"):
        read(model, "sum")
    live = replace(int8((2, 4), 0.1), int4=True)
    model = single_operator(FullyConnected.kind, [int8((1, 4), 0.1), live], [int8((1, 2), 0.1)], {})
    with pytest.raises(UnsupportedModel, match="has the type INT4"):
        read(model, "computed weights")
